/**
 * Users: wallets that pay each other, each through a node of its own, and remember what they were told is kept. A
 * wallet never signs two payments with one sequence unless its node forgot the first.
 */
import { type KeyPair, keyPairFromSeed, signPayment } from '../client/keys.ts';
import type { Address, TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { Machine } from './machine.ts';
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

/** Notches a wallet has at the genesis: enough for more payments than any simulation makes. */
export const WALLET_NOTCHES = 1_000_000_000_000n;
/** A payment's fee, notches: over the lowest rate, and different for the pools to have a choice. */
const FEES = { least: 300, most: 3_000 };
const MAX_AMOUNT = 1_000_000;
/** Some pay most of what they have, or try to pay more, so that money runs out. */
const LARGE = { chance: 0.1, least: 0.2, most: 1.1 };

/** A transaction a node said it keeps. */
export interface Acknowledged {
  readonly id: TransactionId;
  readonly signed: SignedTransaction;
  readonly sender: Address;
  /** Whom it was given to. */
  readonly machine: Machine;
  readonly atMs: number;
}

export function walletKeys(random: SeededRandom, count: number): KeyPair[] {
  return Array.from({ length: count }, () => keyPairFromSeed(random.bytes(32)));
}

export class Load {
  readonly acknowledged: Acknowledged[] = [];
  submitted = 0;
  readonly #world: World;
  readonly #wallets: readonly KeyPair[];
  readonly #random: SeededRandom;
  #cancel: (() => void) | undefined;

  constructor(world: World, wallets: readonly KeyPair[], random: SeededRandom) {
    this.#world = world;
    this.#wallets = wallets;
    this.#random = random;
  }

  /** @param perSecond transactions, on average */
  start(perSecond: number): void {
    if (perSecond <= 0 || this.#wallets.length < 2) return;
    const again = (): void => {
      const next = this.#world.scheduler.after(this.#random.exponential(1_000 / perSecond), () => {
        this.#pay();
        again();
      });
      this.#cancel = () => {
        next.cancelled = true;
      };
    };
    again();
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Notches. */
  #amountOf(balance: bigint): bigint {
    const random = this.#random;
    if (!random.chance(LARGE.chance)) return BigInt(1 + random.integer(MAX_AMOUNT));
    return (balance * BigInt(Math.floor(1_000 * random.between(LARGE.least, LARGE.most)))) / 1_000n;
  }

  /** As a wallet does: asks its node for the next sequence, signs, submits. */
  #pay(): void {
    const random = this.#random;
    const wallet = random.integer(this.#wallets.length);
    const from = this.#wallets[wallet] as KeyPair;
    const to = random.pick(this.#wallets);
    const { honest } = this.#world;
    const machine = honest[wallet % honest.length];
    if (machine?.isRunning !== true) return;
    const { node } = machine;
    const { balance, sequence } = node.pool.pendingAccount(from.address);
    const { id, signed } = signPayment(this.#world.definition.id, from, {
      recipient: to.address,
      sequence,
      amount: this.#amountOf(balance),
      fee: BigInt(FEES.least + random.integer(FEES.most - FEES.least)),
    });
    this.submitted++;
    this.#world.trace('submitted', machine.index);
    node.submit([signed]).then(([outcome]) => {
      // A node that died in the meantime told nobody.
      if (outcome?.accepted !== true || !machine.isRunning || machine.node !== node) return;
      const atMs = this.#world.elapsedMs;
      this.acknowledged.push({ id, signed, sender: from.address, machine, atMs });
    });
  }
}
