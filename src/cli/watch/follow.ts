/** The live feed, over every loss of the connection, until it is ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError, type LiveEvent, type TallyClient } from '../../client/tally-client.ts';

const RETRY_MS = 1_000;

export interface Follower {
  event(event: LiveEvent): void;
  /** Once for each loss; it is tried again. */
  lost(error: ConnectionError): void;
}

/** Goes on where it was after a lost connection. Returns once `signal` is aborted. @throws ApiError */
export async function follow(client: TallyClient, follower: Follower, signal?: AbortSignal): Promise<void> {
  let after: string | undefined;
  let lost = false;
  while (signal?.aborted !== true) {
    try {
      const options = {
        ...(after === undefined ? {} : { after }),
        ...(signal === undefined ? {} : { signal }),
      };
      for await (const event of client.events(options)) {
        lost = false;
        after = event.id;
        follower.event(event);
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (!lost) follower.lost(error);
      lost = true;
    }
    await delay(RETRY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}
