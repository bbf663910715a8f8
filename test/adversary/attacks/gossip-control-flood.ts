import { topicId } from '../../../src/p2p/protocols.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import { graftAndPrune, idontwant, ihave, iwant } from '../hostile/gossip-rpc.ts';

const IDS = 2_000;

export const gossipControlFlood: Attack = {
  what: 'thousands of ids offered, asked for and declined, and grafts and prunes by turns, in frames of gossip control',
  tries: "gossipsub's limits and its price of broken promises",
  doesWrong: true,
  processes: 2,
  async run(attacker) {
    const topic = topicId(attacker.definition.id, 'transactions');
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      const streams = await Promise.all(attacker.targets.map((target) => peer.stream(target, 'meshsub')));
      for (let round = 0; round < 2_000 && !attacker.signal.aborted; round++) {
        const ids = Array.from({ length: IDS }, () => randomBytes(20));
        const frames = [
          ihave(topic, ids),
          iwant(ids),
          idontwant(ids.slice(0, 500)),
          graftAndPrune(topic, 30),
        ];
        for (const stream of streams) {
          if (stream.status !== 'open' || stream.writeBufferLength > 2 ** 20) continue;
          stream.send(frames[round % frames.length] as Uint8Array);
          attacker.did('frames');
        }
        if (streams.every(({ status }) => status !== 'open')) break;
        await attacker.pause(2);
      }
      await peer.end();
    });
  },
};
