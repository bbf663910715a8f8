/**
 * Mines blocks with payments nobody has heard of, tells of them by their short ids, and when it is asked for the
 * transactions, of its blocks or anybody's, it keeps silent, lies, gives something else, or gives them after all.
 */
import { keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { encodeBlock, encodeTransactions } from '../../core/encoding.ts';
import { blockId } from '../../core/hashing.ts';
import { type Address, type BlockId, idFromBytes, idToBytes } from '../../core/identifiers.ts';
import type { Block, SignedTransaction } from '../../core/types.ts';
import type { ProtocolName, RequestHandler } from '../../node/ports.ts';
import { BlocksRequestType, BlockTransactionsRequestType } from '../../node/wire.ts';
import { type Attack, addIdentities, type CreateAttack } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';
import { forgeBlock, messageWith } from './forge.ts';
import { mining } from './mining.ts';

const FOREVER_MS = 3_600_000;
const MOST_PAYMENTS = 6;
/** Blocks it could give. */
const REMEMBERED = 16;

export const withheldTransactions: CreateAttack = (context) => {
  const { random, world } = context;
  const { definition } = world;
  const key = keyPairFromSeed(random.bytes(32));
  const blocks = new Map<BlockId, Block>();
  const machines = addIdentities(
    context,
    (network, machine) =>
      new LyingNetwork(network, (protocol, honest) =>
        lying(protocol, honest, (ms) => new Promise<void>((resolve) => machine.clock.after(ms, resolve))),
      ),
  );
  const [miner] = machines as [(typeof machines)[number]];
  const attack: Attack = mining(context, miner, (parent) => {
    const nowMs = miner.clock.now();
    const { balance, sequence } = miner.node.chain.account(key.address);
    const block = forgeBlock(definition.params, parent, random, {
      timestampMs: nowMs,
      header: { miner: idToBytes(key.address) },
      // Its first blocks pay it, and everybody has all of them: they are empty.
      transactions: balance > 100_000n ? payments(1 + random.integer(MOST_PAYMENTS), sequence) : [],
    });
    const id = blockId(block.sealed);
    blocks.set(id, block);
    for (const oldest of blocks.keys()) {
      if (blocks.size <= REMEMBERED) break;
      blocks.delete(oldest);
    }
    miner.network.publish('block', messageWith(block, nowMs, []));
  });
  return { ...attack, machines };

  function payments(count: number, first: bigint, from = key): SignedTransaction[] {
    return Array.from({ length: count }, (_, i) => {
      const recipient = idFromBytes<Address>(random.bytes(32));
      const payment = { recipient, sequence: first + BigInt(i), amount: 1n, fee: 1_000n };
      return signPayment(definition.id, from, payment).signed;
    });
  }

  function lying(
    protocol: ProtocolName,
    honest: RequestHandler,
    pass: (ms: number) => Promise<void>,
  ): RequestHandler {
    if (protocol === 'blocks')
      return (request, from) => (random.chance(0.5) ? [] : (whole(request) ?? honest(request, from)));
    if (protocol !== 'block-transactions') return honest;
    return async function* answer(request, from) {
      const { block, indexes } = BlockTransactionsRequestType.deserialize(request);
      const own = blocks.get(idFromBytes<BlockId>(block));
      const asked = indexes.flatMap((index) => own?.transactions[index] ?? []);
      switch (random.integer(8)) {
        case 0:
          await pass(FOREVER_MS);
          return;
        case 1:
          await pass(random.between(0, 4_000));
          break;
        case 2:
          return; // nothing at all
        case 3:
          yield random.bytes(random.integer(500));
          return;
        case 4:
          yield encodeTransactions(payments(indexes.length + 1, 0n));
          return;
        case 5:
          yield encodeTransactions(payments(indexes.length, 0n, keyPairFromSeed(random.bytes(32))));
          return;
        case 6:
          yield encodeTransactions(asked.map((signed) => ({ ...signed, signature: random.bytes(64) })));
          return;
        default:
      }
      if (asked.length === indexes.length) yield encodeTransactions(asked);
      else yield* honest(request, from);
    };
  }

  function whole(request: Uint8Array): Uint8Array[] | undefined {
    const [id] = BlocksRequestType.deserialize(request).ids;
    const block = id && blocks.get(idFromBytes<BlockId>(id));
    return block && [encodeBlock(block)];
  }
};
