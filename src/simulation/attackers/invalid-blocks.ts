/** Blocks that break every rule there is, in quantity. */
import { keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { idFromBytes } from '../../core/identifiers.ts';
import type { SignedTransaction } from '../../core/types.ts';
import type { Machine } from '../machine.ts';
import { active, addIdentities, type CreateAttack } from './attack.ts';
import { type Forgery, forgeBlock, messageWith, tipOf } from './forge.ts';

const MEAN_MS = 3_000;

export const invalidBlocks: CreateAttack = (context) => {
  const { random, world } = context;
  const { definition } = world;
  const key = keyPairFromSeed(random.bytes(32));
  const machines = addIdentities(context, (network) => network);
  return active(context, machines, MEAN_MS, (machine) => {
    machine.network.publish('block', make(machine));
  });

  function make(machine: Machine): Uint8Array {
    const nowMs = machine.clock.now();
    const rule = random.integer(9);
    if (rule === 8) return random.bytes(200 + random.integer(2_000));
    const forgery = { timestampMs: nowMs, ...breaking(rule, machine) };
    return messageWith(forgeBlock(definition.params, tipOf(machine), random, forgery), nowMs);
  }

  function breaking(rule: number, machine: Machine): Partial<Forgery> {
    const { header } = tipOf(machine);
    switch (rule) {
      case 0:
        return { isSealed: false };
      case 1:
        return { header: { bits: 0x207f_ffff } };
      case 2:
        return { header: { height: header.height + 2n } };
      case 3:
        return { header: { timestamp: header.timestamp } };
      case 4:
        return { header: { transactionsRoot: random.bytes(32) } };
      case 5:
        return { transactions: [forged(payment(1n))] };
      case 6:
        return { transactions: [payment(10n ** 15n)] };
      default:
        return { header: { parent: random.bytes(32) } };
    }
  }

  function payment(amount: bigint): SignedTransaction {
    const recipient = idFromBytes<typeof key.address>(random.bytes(32));
    return signPayment(definition.id, key, { recipient, sequence: 0n, amount, fee: 1_000n }).signed;
  }

  function forged(signed: SignedTransaction): SignedTransaction {
    return { ...signed, signature: random.bytes(64) };
  }
};
