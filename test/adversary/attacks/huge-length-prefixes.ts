import type { ProtocolName } from '../../../src/node/ports.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

const PROTOCOLS: ProtocolName[] = ['status', 'headers', 'blocks', 'pool', 'transactions'];
/** 2^28 − 1, in four bytes; and a length that never ends. */
const PREFIXES = [Uint8Array.of(0xff, 0xff, 0xff, 0x7f), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)];

export const hugeLengthPrefixes: Attack = {
  what: 'requests that announce hundreds of megabytes and begin to send them, and lengths that never end',
  tries: 'a chunk announced as too long is refused before a byte of it is kept',
  doesWrong: true,
  processes: 2,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      for (let round = 0; round < 200 && peer.connections > 0 && !attacker.signal.aborted; round++) {
        const stream = await peer.stream(
          attacker.target(round),
          PROTOCOLS[round % PROTOCOLS.length] as ProtocolName,
        );
        stream.send(Buffer.concat([PREFIXES[round % PREFIXES.length] as Uint8Array, randomBytes(50_000)]));
        attacker.did('requests');
        await attacker.pause(10);
      }
      await peer.end();
    });
  },
};
