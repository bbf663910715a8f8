import { decodeBlock } from '../../../src/core/encoding.ts';
import { CompactBlockType } from '../../../src/node/wire.ts';
import { topicId } from '../../../src/p2p/protocols.ts';
import type { Attack } from '../attack.ts';
import type { Attacker } from '../hostile/attacker.ts';
import { publications } from '../hostile/gossip-rpc.ts';
import { get } from '../hostile/http.ts';

/** As many as gossipsub decodes of a frame. */
const MESSAGES = 2_000;

/** Of a compact block, what changes: `publishedAt`, its first eight bytes. */
let publishedAt = BigInt(Date.now());

async function tellTip(attacker: Attacker): Promise<() => Uint8Array> {
  const { body } = await get(`${attacker.target().api}/v1/blocks/tip`, {
    accept: 'application/octet-stream',
  });
  const { sealed } = decodeBlock(body, attacker.definition.params);
  const told = CompactBlockType.serialize({
    publishedAt,
    sealed,
    shortIds: new Uint8Array(0),
    prefilled: [],
  });
  return () => {
    const again = told.slice();
    new DataView(again.buffer).setBigUint64(0, publishedAt++, true);
    return again;
  };
}

export const manySmallMessages: Attack = {
  what: 'a block that all know, told again and again with other times, thousands of times in a frame, as fast as the line takes it',
  tries: 'messages have a rate of their own, not frames alone; what is remembered of them is bounded',
  doesWrong: false,
  processes: 2,
  async run(attacker) {
    const topic = topicId(attacker.definition.id, 'block');
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      const streams = await Promise.all(attacker.targets.map((target) => peer.stream(target, 'meshsub')));
      const again = await tellTip(attacker);
      while (streams.some(({ status }) => status === 'open') && !attacker.signal.aborted) {
        for (const stream of streams) {
          if (stream.status !== 'open' || stream.writeBufferLength > 2 ** 20) continue;
          stream.send(publications(topic, Array.from({ length: MESSAGES }, again)));
          attacker.did('messages', MESSAGES);
        }
        await attacker.pause(1);
      }
      await peer.end();
    });
  },
};
