/**
 * Passes every block on, its own and others', with short ids that are not the block's: the header and its proof of
 * work are good, so everybody passes it on further, and must find the body all the same.
 */
import { keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { transactionRoot } from '../../core/hashing.ts';
import type { NetworkId } from '../../core/identifiers.ts';
import { packShortIds, SHORT_ID_BYTES, shortIdsOf } from '../../core/short-ids.ts';
import { checkProofOfWork } from '../../core/target.ts';
import { type CompactBlock, decodeCompactBlock, encodeCompactBlock } from '../../node/compact-block.ts';
import type { PeerId, TopicName, Verdict } from '../../node/ports.ts';
import type { SeededRandom } from '../random.ts';
import type { VirtualNetwork } from '../virtual-network.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { BentNetwork } from './bent-network.ts';

/** Changes what a message says. */
type Garble = (message: Uint8Array) => Uint8Array;

class GarblingNetwork extends BentNetwork {
  readonly #garble: Garble;

  constructor(inner: VirtualNetwork, garble: Garble) {
    super(inner);
    this.#garble = garble;
  }

  override subscribe(
    topic: TopicName,
    validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>,
  ): void {
    super.subscribe(topic, async (message, from) => {
      const verdict = await validate(message, from);
      if (topic !== 'block' || verdict !== 'accept') return verdict;
      await this.publish(topic, message);
      return 'ignore';
    });
  }

  override publish(topic: TopicName, message: Uint8Array): Promise<void> {
    return super.publish(topic, topic === 'block' ? this.#garble(message) : message);
  }
}

export const garbledShortIds: CreateAttack = (context) => {
  const { random, world } = context;
  const { id, params } = world.definition;
  const garble: Garble = (message) => encodeCompactBlock(garbled(decodeCompactBlock(message, params)));
  return passive(addIdentities(context, (network) => new GarblingNetwork(network, garble), true));

  function garbled(compact: CompactBlock): CompactBlock {
    const count = compact.shortIds.length / SHORT_ID_BYTES;
    switch (random.integer(6)) {
      case 0:
        return { ...compact, shortIds: random.bytes(compact.shortIds.length), prefilled: [] };
      case 1: // as many more or less, down to none
        return {
          ...compact,
          shortIds: random.bytes(SHORT_ID_BYTES * random.integer(2 * count + 2)),
          prefilled: [],
        };
      case 2: // all the same
        return { ...compact, shortIds: new Uint8Array(SHORT_ID_BYTES * (count + 1)).fill(7), prefilled: [] };
      case 3: // the right ones in another order
        return { ...compact, shortIds: reversed(compact.shortIds), prefilled: [] };
      case 4:
        return withStranger(compact, random, id);
      default: // another time is no lie, but another message
        return { ...compact, publishedAt: compact.publishedAt + 1 };
    }
  }
};

function reversed(shortIds: Uint8Array): Uint8Array {
  const ids: Uint8Array[] = [];
  for (let at = 0; at < shortIds.length; at += SHORT_ID_BYTES)
    ids.unshift(shortIds.slice(at, at + SHORT_ID_BYTES));
  return Uint8Array.from(Buffer.concat(ids));
}

/** One more transaction, in full, that fits its short id and is not in the block. */
function withStranger(compact: CompactBlock, random: SeededRandom, network: NetworkId): CompactBlock {
  const key = keyPairFromSeed(random.bytes(32));
  const payment = { recipient: key.address, sequence: 0n, amount: 1n, fee: 1_000n };
  const { signed } = signPayment(network, key, payment);
  const block = checkProofOfWork(compact.sealed);
  const fitting = packShortIds(shortIdsOf(transactionRoot(signed.transaction), block));
  const shortIds = Uint8Array.from(Buffer.concat([compact.shortIds, fitting]));
  return {
    ...compact,
    shortIds,
    prefilled: [{ index: compact.shortIds.length / SHORT_ID_BYTES, signed }],
  };
}
