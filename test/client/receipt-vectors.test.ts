/** Receipts kept in a file: this build reads them, and so does a second implementation, from docs/protocol.md alone. */
import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import { Header, SealedHeader, SignedTransaction, Transaction } from '../support/independent-ledger.ts';
import {
  byteList,
  byteVector,
  container,
  list,
  sha256,
  uint,
  type ValueOf,
} from '../support/independent-ssz.ts';
import vectors from '../vectors/receipts.json' with { type: 'json' };

const Burying = container({
  timestamp: uint(8),
  bits: uint(4),
  miner: byteVector(32),
  transactionsRoot: byteVector(32),
  extra: byteList(32),
  nonce: byteVector(32),
});
const Receipt = container({
  networkId: byteVector(32),
  signed: SignedTransaction,
  index: uint(2),
  branch: byteVector(17 * 32),
  block: SealedHeader,
  burying: list(Burying, 10_000),
  lastId: byteVector(32),
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const targetOf = (bits: bigint) => ((bits & 0x7fffffn) << (8n * (bits >> 24n))) >> 24n;

/** @returns the id */
function requireWork(sealed: ValueOf<typeof SealedHeader>): Uint8Array {
  const id = sha256(Header.hashTreeRoot(sealed.header), sealed.nonce);
  expect(BigInt(`0x${hex(id)}`) <= targetOf(sealed.header.bits)).toBe(true);
  return id;
}

describe.each(vectors.map((vector, at) => [at, vector] as const))('receipt %i', (_, vector) => {
  const bytes = Buffer.from(vector.compact, 'hex');

  it('proves the same in both forms, here', async () => {
    for (const form of [bytes, vector.json]) {
      const proved = await verifyReceipt(form, vector.network);
      expect({
        transaction: proved.transaction.id,
        block: proved.block.id,
        height: proved.block.height,
        confirmations: proved.confirmations,
        work: `${proved.work}`,
      }).toEqual(vector.proved);
    }
  });

  it('proves the same to a second implementation', () => {
    expect(bytes.subarray(0, 4)).toEqual(Buffer.from('TSR\x01'));
    const receipt = Receipt.deserialize(new Uint8Array(bytes.subarray(4)));
    const id = Transaction.hashTreeRoot(receipt.signed.transaction);
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(receipt.signed.transaction.sender).toString('base64url'),
    };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, sha256(receipt.networkId, id), key, receipt.signed.signature)).toBe(true);

    let node = SignedTransaction.hashTreeRoot(receipt.signed);
    for (let depth = 0; depth < 17; depth++) {
      const sibling = receipt.branch.slice(32 * depth, 32 * (depth + 1));
      const isRight = depth < 16 && ((Number(receipt.index) >> depth) & 1) === 1;
      node = isRight ? sha256(sibling, node) : sha256(node, sibling);
    }
    expect(hex(node)).toBe(hex(receipt.block.header.transactionsRoot));

    const block = requireWork(receipt.block);
    let [last, height] = [block, receipt.block.header.height];
    let work = 2n ** 256n / (targetOf(receipt.block.header.bits) + 1n);
    for (const { nonce, ...fields } of receipt.burying) {
      height += 1n;
      last = requireWork({ header: { parent: last, height, ...fields }, nonce });
      work += 2n ** 256n / (targetOf(fields.bits) + 1n);
    }
    expect(hex(last)).toBe(hex(receipt.lastId));
    expect({
      transaction: hex(id),
      block: hex(block),
      height: Number(receipt.block.header.height),
      confirmations: 1 + receipt.burying.length,
      work: `${work}`,
    }).toEqual(vector.proved);
  });
});
