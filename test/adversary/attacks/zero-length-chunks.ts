import type { Stream } from '@libp2p/interface';
import { withLength } from '../../../src/p2p/chunk-stream.ts';
import type { Attack } from '../attack.ts';
import type { Attacker } from '../hostile/attacker.ts';
import { randomBytes } from '../hostile/forge.ts';

const ZEROS = new Uint8Array(32_768);

/** A good result, then nothing, in as many chunks as the line takes. */
async function flood(attacker: Attacker, stream: Stream): Promise<void> {
  stream.send(withLength(Uint8Array.of(0)));
  while (stream.status === 'open' && !attacker.signal.aborted) {
    if (stream.writeBufferLength < 2 ** 20) {
      stream.send(ZEROS);
      attacker.did('chunks', ZEROS.length);
    }
    await attacker.pause(2);
  }
}

export const zeroLengthChunks: Attack = {
  what: 'answers, asked for by claims of more work, of endless chunks that are empty',
  tries: 'the number of chunks of an answer is bounded, not their bytes alone',
  doesWrong: true,
  async run(attacker) {
    await attacker.forever(async () => {
      const raw = (stream: Stream) => flood(attacker, stream);
      const peer = await attacker.peerOf(attacker.targets, {
        rawAnswers: { headers: raw, pool: raw, addresses: raw, transactions: raw, blocks: raw },
      });
      const claim = { tip: randomBytes(32), height: 9_999n, work: 2n ** 90n };
      for (let round = 0; round < 10 && peer.connections > 0 && !attacker.signal.aborted; round++) {
        await Promise.allSettled(attacker.targets.map((target) => peer.tellStatus(target, claim)));
        await attacker.pause(1_000);
      }
      await peer.end();
    });
  },
};
