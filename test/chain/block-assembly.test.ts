import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockAssembly } from '../../src/chain/block-assembly.ts';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolEntries } from '../../src/chain/pool-entries.ts';
import { type CheckedTransaction, trustTransaction } from '../../src/chain/records.ts';
import type { PoolEntry } from '../../src/chain/sender-queue.ts';
import { ShortIdTable } from '../../src/chain/short-id-table.ts';
import { InvariantError } from '../../src/core/errors.ts';
import { transactionId } from '../../src/core/hashing.ts';
import { idFromBytes, idToBytes, type TransactionId } from '../../src/core/identifiers.ts';
import { shortIdsOf } from '../../src/core/short-ids.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { type Key, payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();
const BLOCK = new Uint8Array(32).fill(1);
/** Found by hashing 44 million: as the first four bytes of an id they give one short id in this block. */
const COLLIDING = [8_754_359, 17_453_847] as const;

const payments = Array.from({ length: 6 }, (_, sequence) =>
  payment(network, { from: testKey(1), to: testKey(2).address, sequence }),
);

function idsOf(transactions: readonly CheckedTransaction[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(transactions.map(({ id }) => idToBytes(id))));
}

function assemblyOf(transactions: readonly CheckedTransaction[]): BlockAssembly {
  return new BlockAssembly(BLOCK, shortIdsOf(idsOf(transactions), BLOCK));
}

function offer(assembly: BlockAssembly, pool: readonly CheckedTransaction[]): void {
  assembly.offer(idsOf(pool), (index) => pool[index] as CheckedTransaction);
}

/** Of an id somebody chose. */
function withId(number: number): CheckedTransaction {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, number, true);
  return trustTransaction({ ...(payments[0] as CheckedTransaction), id: idFromBytes<TransactionId>(id) });
}

describe('a table of short ids', () => {
  it('says where each stands, and -1 for strangers and for those that stand at two places', () => {
    const shortIds = fc.array(
      fc.nat(40).map((low) => low * 2 ** 40 + (low % 7)),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(shortIds, fc.nat(40), (all, low) => {
        const table = new ShortIdTable(Float64Array.from(all));
        for (const wanted of [...all, low * 2 ** 40 + (low % 7), 2 ** 48 - 1]) {
          const places = all.flatMap((shortId, place) => (shortId === wanted ? [place] : []));
          expect(table.find(wanted)).toBe(places.length === 1 ? places[0] : -1);
        }
      }),
    );
  });

  it('is as quick with short ids chosen to be alike', () => {
    const alike = Float64Array.from({ length: 12_000 }, (_, i) => 2 ** 16 * i);
    const table = new ShortIdTable(alike);
    const begun = performance.now();
    for (let i = 0; i < 200_000; i++) table.find(2 ** 16 * (i % 13_000));
    // Some 20 ms; a table that hashes could be made to take minutes.
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe('a block being put together', () => {
  it('finds its transactions in the pool, in its own order, and knows what is missing', () => {
    const wanted = [4, 0, 2, 5].map((index) => payments[index] as CheckedTransaction);
    const assembly = assemblyOf(wanted);
    offer(assembly, payments.slice(0, 3));
    expect(assembly.missing()).toEqual([0, 3]);
    offer(assembly, payments.slice(3));
    expect(assembly.missing()).toEqual([]);
    const { ids, parts } = assembly.whole();
    expect(ids).toEqual(idsOf(wanted));
    expect(parts.map(({ checked }) => checked)).toEqual(wanted);
  });

  it('takes neither of two of the pool that fit one short id', () => {
    const [a, b] = COLLIDING.map(withId) as [CheckedTransaction, CheckedTransaction];
    const assembly = assemblyOf([a]);
    expect(shortIdsOf(idsOf([a]), BLOCK)).toEqual(shortIdsOf(idsOf([b]), BLOCK));
    offer(assembly, [b]);
    expect(assembly.missing()).toEqual([]);
    offer(assembly, [a]);
    expect(assembly.missing()).toEqual([0]);
    offer(assembly, [b]);
    expect(assembly.missing()).toEqual([0]);
  });

  it('is not confused by one it is shown twice', () => {
    const assembly = assemblyOf(payments);
    offer(assembly, payments);
    offer(assembly, payments);
    expect(assembly.missing()).toEqual([]);
  });

  it('takes none of two places with one short id from the pool', () => {
    const assembly = assemblyOf([payments[0], payments[1], payments[0]] as CheckedTransaction[]);
    offer(assembly, payments);
    expect(assembly.missing()).toEqual([0, 2]);
  });

  it('takes what is put at its place if it fits the short id: all or none', () => {
    const assembly = assemblyOf(payments);
    const signed = payments.map((checked) => checked.signed);
    expect(assembly.put([0, 1], [signed[0], signed[2]] as typeof signed)).toBe(false);
    expect(assembly.missing()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(assembly.put([0, 2], [signed[0], signed[2]] as typeof signed)).toBe(true);
    expect(assembly.missing()).toEqual([1, 3, 4, 5]);
    expect(assembly.put([], [])).toBe(true);
  });

  it('keeps what was put rather than the pool’s, for its signature may be another', () => {
    const [first] = payments as [CheckedTransaction];
    const turned = { ...first.signed, signature: first.signed.signature.toReversed() };
    const assembly = assemblyOf([first]);
    assembly.put([0], [turned]);
    offer(assembly, [first]);
    expect(assembly.whole().parts).toEqual([{ signed: turned, checked: undefined }]);
    const other = assemblyOf([first]);
    offer(other, [first]);
    other.put([0], [turned]);
    expect(other.whole().parts).toEqual([{ signed: turned, checked: undefined }]);
  });

  it('is not whole while something is missing', () => {
    expect(() => assemblyOf(payments).whole()).toThrow(InvariantError);
    expect(assemblyOf([]).whole()).toEqual({ parts: [], ids: new Uint8Array(0) });
  });
});

describe('the entries of a pool', () => {
  const entryOf = (number: number): PoolEntry => ({ checked: withId(number) }) as PoolEntry;

  it('are what a map would hold, in the order they came, and shown once each', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(12)), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (all) => {
        const model = new Map<TransactionId, PoolEntry>();
        const entries = new PoolEntries();
        for (const [isAdded, number] of all) {
          const entry = entryOf(number);
          const { id } = entry.checked;
          if (isAdded) {
            model.set(id, entry);
            entries.set(id, entry);
          } else expect(entries.delete(id)).toBe(model.delete(id));
        }
        expect(entries.size).toBe(model.size);
        expect([...entries.ids()]).toEqual([...model.keys()]);
        expect([...entries.values()]).toEqual([...model.values()]);
        const shown: string[] = [];
        entries.show(0, entries.size, (ids, at) => {
          for (let i = 0; i < model.size; i++) {
            const id = idFromBytes<TransactionId>(ids.subarray(32 * i, 32 * (i + 1)));
            expect(at(i).id).toBe(id);
            shown.push(id);
          }
        });
        expect(shown.sort()).toEqual([...model.keys()].sort());
      }),
    );
  });

  it('grow and shrink by the thousand', () => {
    const entries = new PoolEntries();
    const all = Array.from({ length: 3_000 }, (_, number) => entryOf(number));
    for (const entry of all) entries.set(entry.checked.id, entry);
    for (const entry of all.slice(0, 2_990)) entries.delete(entry.checked.id);
    entries.show(0, 10, (ids, at) => {
      expect(ids).toHaveLength(320);
      for (let i = 0; i < 10; i++) {
        expect(idFromBytes(ids.subarray(32 * i, 32 * (i + 1)))).toBe(at(i).id);
      }
    });
    expect([...entries.values()]).toEqual(all.slice(2_990));
  });
});

describe('a pool of 20,000', () => {
  const keys = Array.from({ length: 40 }, (_, i) => testKey(100 + i));
  const rich = testNetwork({
    allocations: keys
      .map(({ publicKey }) => ({ address: publicKey, amount: 10n ** 12n }))
      .sort((a, b) => Buffer.compare(a.address, b.address)),
  });

  /** Nobody looks at the signature here. */
  function unsigned({ publicKey }: Key, sequence: number, fee = 1_000n): CheckedTransaction {
    const transaction = {
      sender: publicKey,
      sequence: BigInt(sequence),
      recipient: publicKey,
      amount: 1n,
      fee,
      data: new Uint8Array(0),
    };
    const signed = { transaction, signature: new Uint8Array(64) };
    return trustTransaction({ id: transactionId(transaction), signed, size: 160 });
  }

  it('is shown to a block part by part, though it changes in between', () => {
    const pool = new Mempool(Chain.open(rich, new MemoryStore()));
    const all = keys.flatMap((key) => Array.from({ length: 500 }, (_, sequence) => unsigned(key, sequence)));
    for (const checked of all) pool.add(checked);
    const wanted = all.filter((_, index) => index % 7 === 0);
    const assembly = assemblyOf(wanted);
    const parts: number[] = [];
    for (let below = pool.count; below > 0; ) {
      const next = pool.offer(assembly, below);
      parts.push(below - next);
      below = next;
      // One is replaced, so another, shown already, takes its slot.
      pool.add(unsigned(keys[0] as Key, 499, 10_000n ** BigInt(parts.length)));
    }
    expect(parts).toEqual([16_384, 20_000 - 16_384]);
    expect(assembly.missing()).toEqual([]);
  });
});
