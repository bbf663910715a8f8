/** One verifying thread: a message brings a piece of a batch, the answer is a verdict a check. */
import { unpackCheck, type VerifyAnswer, type VerifyRequest } from './packed-checks.ts';
import { verifySignature } from './signatures.ts';
import { yieldToOtherThreads } from './thread-priority.ts';
import { serveThread } from './worker-thread.ts';

/**
 * Where there are no more cores than these threads, the event loop would wait for a turn among them, and all of
 * them for it: so it goes first. It gets a whole core if it needs one, and leaves what it does not.
 */
const VERIFYING_NICENESS = 3;

yieldToOtherThreads(VERIFYING_NICENESS);
serveThread(({ piece, checks, count }: VerifyRequest): VerifyAnswer => {
  const verdicts = new Uint8Array(count);
  for (let i = 0; i < count; i++) verdicts[i] = verifySignature(unpackCheck(checks, i)) ? 1 : 0;
  return { piece, verdicts };
});
