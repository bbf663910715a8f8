/** One verifying thread: a message brings a piece of a batch, the answer is a verdict a check. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '../core/errors.ts';
import { unpackCheck, type VerifyAnswer, type VerifyRequest } from './packed-checks.ts';
import { verifySignature } from './signatures.ts';
import { yieldToOtherThreads } from './thread-priority.ts';

/**
 * Where there are no more cores than these threads, the event loop would wait for a turn among them, and all of
 * them for it: so it goes first. It gets a whole core if it needs one, and leaves what it does not.
 */
const VERIFYING_NICENESS = 3;

const port = parentPort;
invariant(port !== null, 'this file is run as a worker thread only');

yieldToOtherThreads(VERIFYING_NICENESS);
port.on('message', ({ piece, checks, count }: VerifyRequest) => {
  const verdicts = new Uint8Array(count);
  for (let i = 0; i < count; i++) verdicts[i] = verifySignature(unpackCheck(checks, i)) ? 1 : 0;
  port.postMessage({ piece, verdicts } satisfies VerifyAnswer);
});
