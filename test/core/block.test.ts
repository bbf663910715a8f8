import { describe, expect, it } from 'vitest';
import { checkBody } from '../../src/core/block.ts';
import { blockSize, encodeBlock } from '../../src/core/encoding.ts';
import { RuleError } from '../../src/core/errors.ts';
import { blockId, headerRoot, sealedHeaderRoot, transactionsRoot } from '../../src/core/hashing.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { defineNetwork, TEST_PARAMS } from '../../src/core/network-params.ts';
import { SealedHeaderType } from '../../src/core/types.ts';
import { sha256 } from '../support/independent-ssz.ts';
import { refusedWith } from '../support/refused.ts';
import {
  append,
  checkWholeBlock,
  flipByte,
  newLedger,
  nextBlock,
  readAccount,
  signer,
  signTransaction,
} from '../support/rule-ledger.ts';

const network = defineNetwork(TEST_PARAMS);
const [alice, bob, miner] = [signer(1), signer(2), signer(3)];

/** Two blocks on the genesis; alice mined both and can pay. */
function ledgerWithMoney() {
  const ledger = newLedger(network);
  append(ledger, nextBlock(ledger, [], { miner: alice.publicKey }));
  append(ledger, nextBlock(ledger, [], { miner: alice.publicKey }));
  return ledger;
}

const ledger = ledgerWithMoney();
const transactions = [
  signTransaction(network, alice, { recipient: bob.publicKey, amount: 5_000_000n, fee: 200n }),
  signTransaction(network, bob, { amount: 1n, fee: 300n, data: new TextEncoder().encode('a note') }),
];
const block = nextBlock(ledger, transactions, {
  miner: miner.publicKey,
  extra: new TextEncoder().encode('extra'),
});
const bytes = encodeBlock(block);
const id = blockId(block.sealed);

/** What becomes of these bytes: their block's id, or the code they are refused with. */
function fate(changed: Uint8Array): string {
  try {
    return checkWholeBlock(ledger, changed).id;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return error.code;
  }
}

describe('a valid block', () => {
  it('passes every rule', () => {
    expect(fate(bytes)).toBe(id);
    const { change } = checkWholeBlock(ledger, bytes);
    expect(change.get(miner.address)?.after.balance).toBe(TEST_PARAMS.subsidy + 500n);
    expect(change.get(alice.address)?.after).toEqual({
      balance: 2n * TEST_PARAMS.subsidy - 5_000_200n,
      sequence: 1n,
    });
    expect(readAccount(ledger)(miner.address).balance).toBe(0n);
  });

  it('has the id sha256(hash_tree_root(header) ‖ nonce), which is hash_tree_root(SealedHeader)', () => {
    const root = sha256(headerRoot(block.sealed.header), block.sealed.nonce);
    expect(sealedHeaderRoot(block.sealed)).toEqual(root);
    expect(SealedHeaderType.hashTreeRoot(block.sealed)).toEqual(root);
    expect(id).toBe(bytesToHex(root));
  });

  it('never keeps its id when any byte is changed', () => {
    const fates = new Set<string>();
    for (let position = 0; position < bytes.length; position++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const changed = fate(flipByte(bytes, position, mask));
        expect(changed, `byte ${position} ^ ${mask}`).not.toBe(id);
        fates.add(changed);
      }
    }
    // Every rule that a changed byte can break was met.
    expect([...fates]).toEqual(
      expect.arrayContaining([
        'malformed-encoding',
        'wrong-height',
        'timestamp-not-after-parent',
        'wrong-bits',
        'invalid-proof-of-work',
        'wrong-transactions-root',
      ]),
    );
  });

  it('is refused when a byte of its transactions is changed: nothing there is free', () => {
    const body = encodeBlock({ ...block, transactions: [] }).length;
    for (let position = body; position < bytes.length; position++) {
      const changed = fate(flipByte(bytes, position, 0x10));
      expect(['malformed-encoding', 'wrong-transactions-root'], `byte ${position}`).toContain(changed);
    }
  });

  it('is refused when cut off anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = fate(bytes.subarray(0, length));
      expect(['malformed-encoding', 'wrong-transactions-root'], `${length} bytes`).toContain(cut);
    }
  });

  it('is refused with anything behind it', () => {
    for (let length = 1; length <= 200; length++) {
      for (const fill of [0, 0xff]) {
        const extended = new Uint8Array(bytes.length + length).fill(fill);
        extended.set(bytes);
        expect(['malformed-encoding', 'wrong-transactions-root']).toContain(fate(extended));
      }
    }
  });

  it('is refused with an invalid signature even if the root commits to it', () => {
    const [first, second] = transactions;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const forged = { ...first, signature: flipByte(first.signature, 40, 1) };
    expect(fate(encodeBlock(nextBlock(ledger, [forged, second])))).toBe('invalid-signature');
  });
});

describe('wrong-transactions-root', () => {
  it.each([
    ['missing', transactions.slice(0, 1)],
    ['doubled', [...transactions, ...transactions.slice(1)]],
    ['swapped', transactions.toReversed()],
    ['all gone', []],
  ])('is what a body with transactions %s gets', (_, body) => {
    refusedWith('wrong-transactions-root', () => checkBody(network.params, { ...block, transactions: body }));
  });

  it('tells no transactions from one of nothing but zeros, and lengths apart', () => {
    const empty = {
      transaction: {
        sender: new Uint8Array(32),
        sequence: 0n,
        recipient: new Uint8Array(32),
        amount: 0n,
        fee: 0n,
        data: new Uint8Array(),
      },
      signature: new Uint8Array(64),
    };
    const roots = [0, 1, 2, 3, 4].map((count) => bytesToHex(transactionsRoot(Array(count).fill(empty))));
    expect(new Set(roots).size).toBe(5);
  });
});

describe('oversized-block', () => {
  it('is decided by the byte', () => {
    const size = blockSize(block);
    checkBody({ ...network.params, maxBlockBytes: size }, block);
    refusedWith('oversized-block', () => checkBody({ ...network.params, maxBlockBytes: size - 1 }, block));
  });
});
