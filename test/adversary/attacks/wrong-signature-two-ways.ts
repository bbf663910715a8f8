import { assembleList, encodeSealedHeader } from '../../../src/core/encoding.ts';
import { blockId } from '../../../src/core/hashing.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import type { Block } from '../../../src/core/types.ts';
import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { bodiesOf } from '../hostile/fake-chain.ts';
import { mineAtTip, wronglySigned } from '../hostile/forge.ts';

export const wrongSignatureTwoWays: Attack = {
  what: 'a mined block with a wrong signature, gossiped by one peer and served through sync by another at the same time',
  tries: 'the border between what a peer causes and a failure of the daemon',
  doesWrong: true,
  async run(attacker) {
    await attacker.forever(async () => {
      let block: Block | undefined;
      const server = await attacker.peerOf(attacker.targets, {
        answers: {
          headers: () => [assembleList(block === undefined ? [] : [encodeSealedHeader(block.sealed)])],
          blocks: (request) => (block === undefined ? [] : (bodiesOf([block])(request) as Uint8Array[])),
        },
      });
      const gossiper = await attacker.peerOf(attacker.targets);
      await gossiper.heard(1, attacker.signal);
      const mined = await mineAtTip(attacker, attacker.target(), () => ({
        transactions: [wronglySigned(attacker.key, 0n)],
      }));
      block = mined.block;
      const tip = idToBytes(blockId(block.sealed));
      const { height } = block.sealed.header;
      await Promise.allSettled([
        gossiper.publish('block', messageWith(block, Date.now())),
        ...attacker.targets.map((target) => server.tellStatus(target, { tip, height, work: 2n ** 200n })),
      ]);
      attacker.did('blocks');
      await attacker.pause(500);
    });
  },
};
