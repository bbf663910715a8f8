/** Transactions with wrong signatures, without money, out of order, of another network, and plain garbage. */
import { type KeyPair, keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { type Address, idFromBytes, type NetworkId } from '../../core/identifiers.ts';
import type { SignedTransaction } from '../../core/types.ts';
import { TransactionsMessageType } from '../../node/wire.ts';
import { active, addIdentities, type CreateAttack } from './attack.ts';

const MEAN_MS = 2_000;

export const invalidTransactions: CreateAttack = (context) => {
  const { random, world } = context;
  const key = keyPairFromSeed(random.bytes(32));
  const otherNetwork = idFromBytes<NetworkId>(random.bytes(32));
  const machines = addIdentities(context, (network) => network);
  return active(context, machines, MEAN_MS, (machine) => {
    machine.network.publish('transactions', message());
  });

  function message(): Uint8Array {
    const kind = random.integer(5);
    if (kind === 0) return random.bytes(1 + random.integer(1_000));
    const transactions = Array.from({ length: 1 + random.integer(5) }, () => make(kind));
    return TransactionsMessageType.serialize({ salt: random.uint32(), transactions });
  }

  function make(kind: number): SignedTransaction {
    if (kind === 1) return forged();
    if (kind === 2) return sign(key, 0n, otherNetwork);
    return sign(key, BigInt(kind === 3 ? 0 : random.integer(100)), world.definition.id);
  }

  /** Somebody else's money, with a signature of its own: all but the signature is as it must be. */
  function forged(): SignedTransaction {
    const [machine] = machines.filter(({ isRunning }) => isRunning);
    const signed = sign(key, 0n, world.definition.id);
    const { allocations } = world.definition.params;
    if (machine === undefined || allocations.length === 0) return signed;
    const sender = random.pick(allocations).address;
    const { sequence } = machine.node.pool.pendingAccount(idFromBytes<Address>(sender));
    return { ...signed, transaction: { ...signed.transaction, sender, sequence } };
  }

  function sign(from: KeyPair, sequence: bigint, network: NetworkId): SignedTransaction {
    const recipient = idFromBytes<Address>(random.bytes(32));
    return signPayment(network, from, { recipient, sequence, amount: 1n, fee: 1_000n }).signed;
  }
};
