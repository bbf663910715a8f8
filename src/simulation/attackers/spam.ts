/** Fills pools: as many payments as its mined money allows, at the lowest fee, and as many again without any money. */
import { type KeyPair, keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { type Address, idFromBytes } from '../../core/identifiers.ts';
import type { SignedTransaction } from '../../core/types.ts';
import { TransactionsMessageType } from '../../node/wire.ts';
import { active, type CreateAttack, hashesPerMs } from './attack.ts';

const MEAN_MS = 4_000;
const PEERS_KNOWN = 4;
const BATCH = 10;
const LOW_FEE = 200n;

export const spam: CreateAttack = (context) => {
  const { random, world } = context;
  const key = keyPairFromSeed(random.bytes(32));
  const machine = world.add({
    address: key.address,
    peers: random.sample(world.honest, PEERS_KNOWN),
    hashesPerMs: hashesPerMs(context),
    bend: (network) => network,
  });
  return active(context, [machine], MEAN_MS, () => {
    const { balance, sequence } = machine.node.pool.pendingAccount(key.address);
    const paid = balance > 1_000_000n ? batch(key, sequence) : [];
    const unpaid = batch(keyPairFromSeed(random.bytes(32)), 0n).slice(0, 2);
    if (paid.length > 0) machine.node.submit(paid).catch((error) => world.failed(machine, error));
    machine.network.publish(
      'transactions',
      TransactionsMessageType.serialize({ salt: random.uint32(), transactions: unpaid }),
    );
  });

  function batch(from: KeyPair, sequence: bigint): SignedTransaction[] {
    return Array.from({ length: BATCH }, (_, i) => {
      const recipient = idFromBytes<Address>(random.bytes(32));
      const payment = { recipient, sequence: sequence + BigInt(i), amount: 1n, fee: LOW_FEE };
      return signPayment(world.definition.id, from, payment).signed;
    });
  }
};
