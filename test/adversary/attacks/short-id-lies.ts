import { encodeTransactions } from '../../../src/core/encoding.ts';
import { blockId, transactionId } from '../../../src/core/hashing.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import { packShortIds, shortIdsOf } from '../../../src/core/short-ids.ts';
import type { Block } from '../../../src/core/types.ts';
import { CompactBlockType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { bodiesOf } from '../hostile/fake-chain.ts';
import { mineAtTip, randomBytes, wronglySigned } from '../hostile/forge.ts';

export const shortIdLies: Attack = {
  what: 'blocks mined on the tip, gossiped with short ids that are wrong, twice the same, or of transactions that are then not those asked for',
  tries:
    'a compact block that does not add up is fetched from others or refused, and does not hold up mining',
  doesWrong: false,
  processes: 2,
  async run(attacker) {
    let kind = attacker.index;
    await attacker.forever(async () => {
      let block: Block | undefined;
      const peer = await attacker.peerOf(attacker.targets, {
        answers: {
          'block-transactions': () => {
            attacker.did('asked');
            return [encodeTransactions([wronglySigned(attacker.key, 5n)])];
          },
          blocks: (request) => (kind % 2 === 0 || block === undefined ? [] : bodiesOf([block])(request)),
        },
      });
      await peer.heard(1, attacker.signal);
      const transactions = [0n, 1n].map((sequence) => wronglySigned(attacker.key, sequence));
      ({ block } = await mineAtTip(attacker, attacker.target(), () => ({ transactions })));
      const ids = Buffer.concat(transactions.map(({ transaction }) => idToBytes(transactionId(transaction))));
      const right = packShortIds(shortIdsOf(ids, idToBytes(blockId(block.sealed))));
      const lies = [randomBytes(12), Buffer.concat([right.subarray(0, 6), right.subarray(0, 6)]), right];
      const message = CompactBlockType.serialize({
        publishedAt: BigInt(Date.now()),
        sealed: block.sealed,
        shortIds: lies[kind++ % lies.length] as Uint8Array,
        prefilled: [],
      });
      await peer.publish('block', message);
      attacker.did('blocks');
    });
  },
};
