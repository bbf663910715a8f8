import type { Attack } from '../attack.ts';
import { subscriptions } from '../hostile/gossip-rpc.ts';

export const subscriptionFlood: Attack = {
  what: 'subscriptions to topics nobody has, taken back and made anew, as fast as the line takes them',
  tries: 'only topics of the network are kept; frames of control have a price',
  doesWrong: false,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, { gossips: false });
      const streams = await Promise.all(attacker.targets.map((target) => peer.stream(target, 'meshsub')));
      let topic = 0;
      while (streams.some(({ status }) => status === 'open') && !attacker.signal.aborted) {
        const topics = Array.from({ length: 16 }, () => `/topic/${topic++}/${'t'.repeat(200)}`);
        for (const stream of streams) {
          if (stream.status !== 'open' || stream.writeBufferLength > 2 ** 20) continue;
          stream.send(subscriptions(topics));
          stream.send(subscriptions(topics, false));
          attacker.did('frames', 2);
        }
        await attacker.pause(1);
      }
      await peer.end();
    });
  },
};
