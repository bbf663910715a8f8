/** Answers that go on coming, and end: a daemon that stops in the middle, or never ends, is not waited for. */

/** Within an answer; before it begins a daemon may mine, dial or validate. */
export const STALL_MS = 15_000;
/** A page of full blocks is 6 MB, the longest receipt 10 MB. */
export const MAX_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** The same response, whose body fails where it stands still or is too long. */
export function steady(response: Response): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  let bytes = 0;
  let isOver = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const giveUp = (why: string): void => {
        isOver = true;
        controller.error(new Error(why));
        reader.cancel().catch(() => {});
      };
      const timer = setTimeout(() => giveUp('its answer stopped in the middle'), STALL_MS);
      try {
        const { done, value } = await reader.read();
        if (isOver) return;
        bytes += value?.length ?? 0;
        if (done) controller.close();
        else if (bytes > MAX_ANSWER_BYTES) giveUp('its answer does not end');
        else controller.enqueue(value);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { headers, status, statusText } = response;
  return new Response(body, { headers, status, statusText });
}
