import type { ProtocolName } from '../../../src/node/ports.ts';
import type { Attack } from '../attack.ts';

const PROTOCOLS: ProtocolName[] = [
  'status',
  'headers',
  'blocks',
  'pool',
  'transactions',
  'block-transactions',
];

export const halfClosedStreams: Attack = {
  what: 'streams of every protocol, opened and then silent, or closed on one side without a request',
  tries: 'the deadline of a request; streams of a peer are bounded',
  doesWrong: false,
  processes: 2,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      for (let round = 0; round < 400 && peer.connections > 0 && !attacker.signal.aborted; round++) {
        const protocol = PROTOCOLS[round % PROTOCOLS.length] as ProtocolName;
        const stream = await peer.stream(attacker.target(round), protocol);
        if (round % 2 === 0) void stream.close().catch(() => {});
        attacker.did('streams');
      }
      await attacker.pause(3_000);
      await peer.end();
    });
  },
};
