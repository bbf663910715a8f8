import { decodeBlock } from '../../../src/core/encoding.ts';
import { CompactBlockType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import { get } from '../hostile/http.ts';

export const rightBlockWrongWords: Attack = {
  what: "honest blocks, gossiped at once by liars with wrong short ids, wrong order or another's transactions in full",
  tries: 'what is wrong with a message is not held against the block, nor against who tells it rightly',
  doesWrong: false,
  processes: 3,
  async run(attacker) {
    const { api } = attacker.target();
    let last = '';
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { blocks: () => [], 'block-transactions': () => [new Uint8Array(0)] },
      });
      await peer.heard(1, attacker.signal);
      while (peer.connections > 0 && !attacker.signal.aborted) {
        const { body } = await get(`${api}/v1/blocks/tip`, { accept: 'application/octet-stream' });
        const block = decodeBlock(body, attacker.definition.params);
        const id = Buffer.from(block.sealed.nonce).toString('hex');
        if (id === last) {
          await attacker.pause(20);
          continue;
        }
        last = id;
        const count = Math.max(1, block.transactions.length);
        const prefilled = block.transactions.slice(0, 1).map((signed) => ({
          index: count - 1,
          signed: { ...signed, signature: randomBytes(64) },
        }));
        await peer.publish(
          'block',
          CompactBlockType.serialize({
            publishedAt: BigInt(Date.now()),
            sealed: block.sealed,
            shortIds: randomBytes(6 * count),
            prefilled,
          }),
        );
        attacker.did('messages');
      }
      await peer.end();
    });
  },
};
