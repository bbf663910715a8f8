import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BRANCH_NODES, branchOf, rootOfBranch } from '../../src/core/branch.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { partOf } from '../../src/core/merkle.ts';
import { hashTransactions } from '../../src/core/transaction-hashes.ts';
import { sampleTransactions } from '../../src/native/self-check.ts';
import * as independent from '../support/independent-ledger.ts';
import { sha256, uint } from '../support/independent-ssz.ts';

const sample = sampleTransactions();
const listOf = (length: number) =>
  Array.from({ length }, (_, i) => sample[(5 * i) % sample.length] as (typeof sample)[number]);

/** The way up as the specification of SSZ describes it, by `node:crypto`'s SHA-256. */
function independentRoot(leaf: Uint8Array, index: number, branch: readonly Uint8Array[]): Uint8Array {
  return branch.reduce((node, sibling, depth) => {
    const isRight = depth < 16 && Math.floor(index / 2 ** depth) % 2 === 1;
    return isRight ? sha256(sibling, node) : sha256(node, sibling);
  }, leaf);
}

describe('the branch of a transaction', () => {
  it.each([1, 2, 3, 4, 7, 8, 37, 300])('leads to the root independent SSZ gives a list of %i', (length) => {
    const list = listOf(length);
    const root = bytesToHex(independent.Transactions.hashTreeRoot(list));
    const { signedRoots } = hashTransactions(list);
    for (const index of new Set([0, 1, length >> 1, length - 2, length - 1])) {
      const signed = list[index];
      if (signed === undefined) continue;
      const branch = branchOf(signedRoots, index);
      expect(branch).toHaveLength(BRANCH_NODES);
      expect(uint(32).deserialize(branch[16] as Uint8Array)).toBe(BigInt(length));
      const leaf = independent.SignedTransaction.hashTreeRoot(signed);
      expect(bytesToHex(rootOfBranch(leaf, index, branch) ?? new Uint8Array())).toBe(root);
      expect(bytesToHex(independentRoot(leaf, index, branch))).toBe(root);
    }
  });

  it('leads elsewhere from another leaf, another place, or with any byte changed', () => {
    const list = listOf(21);
    const { signedRoots } = hashTransactions(list);
    const root = bytesToHex(independent.Transactions.hashTreeRoot(list));
    const rootFrom = (leaf: Uint8Array, index: number, branch: readonly Uint8Array[]) =>
      bytesToHex(rootOfBranch(leaf, index, branch) ?? new Uint8Array());
    const branch = branchOf(signedRoots, 13);
    const leaf = partOf(signedRoots, 13);
    expect(rootFrom(leaf, 13, branch)).toBe(root);
    fc.assert(
      fc.property(
        fc.nat(BRANCH_NODES - 1),
        fc.nat(31),
        fc.integer({ min: 1, max: 255 }),
        (node, byte, flip) => {
          const changed = branch.map((bytes) => bytes.slice());
          const bytes = changed[node] as Uint8Array;
          bytes[byte] = (bytes[byte] as number) ^ flip;
          expect(rootFrom(leaf, 13, changed)).not.toBe(root);
        },
      ),
    );
    for (let index = 0; index < 65_536; index += 1 + (index >> 3)) {
      if (index !== 13) expect(rootFrom(leaf, index, branch)).not.toBe(root);
    }
    expect(rootFrom(partOf(signedRoots, 12), 13, branch)).not.toBe(root);
  });

  it('is none with a node too many or too few, or for a place behind the end of the list', () => {
    const { signedRoots } = hashTransactions(listOf(3));
    const leaf = partOf(signedRoots, 2);
    const branch = branchOf(signedRoots, 2);
    expect(rootOfBranch(leaf, 2, branch)).toBeDefined();
    expect(rootOfBranch(leaf, 2, branch.slice(1))).toBeUndefined();
    expect(rootOfBranch(leaf, 2, [...branch, leaf])).toBeUndefined();
    expect(rootOfBranch(leaf, 2, [])).toBeUndefined();
    expect(rootOfBranch(leaf, 3, branch)).toBeUndefined();
  });
});
