/** Our own vectors: what the code says now, and what a second implementation says. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeVectors } from '../../scripts/make-vectors.ts';
import { nextBits } from '../../scripts/verify-chain.ts';
import {
  decodeBlock,
  decodeNetworkParams,
  decodeSignedTransaction,
  encodeBlock,
  encodeNetworkParams,
} from '../../src/core/encoding.ts';
import type { RuleCode } from '../../src/core/errors.ts';
import { hexToBytes } from '../../src/core/hex.ts';
import { parseNetworkFile } from '../../src/core/network-file.ts';
import { checkNetworkParams, defineNetwork, TEST_PARAMS } from '../../src/core/network-params.ts';
import { decodeBech32m, encodeBech32m } from '../support/independent-bech32m.ts';
import * as independent from '../support/independent-ledger.ts';
import { type Ssz, sha256 } from '../support/independent-ssz.ts';
import { refusedWith } from '../support/refused.ts';
import { append, checkWholeBlock, newLedger } from '../support/rule-ledger.ts';
import chain from '../vectors/chain.json' with { type: 'json' };
import difficulty from '../vectors/difficulty.json' with { type: 'json' };
import identifiers from '../vectors/identifiers.json' with { type: 'json' };
import invalid from '../vectors/invalid.json' with { type: 'json' };
import networks from '../vectors/networks.json' with { type: 'json' };
import sszVectors from '../vectors/ssz.json' with { type: 'json' };
import targets from '../vectors/targets.json' with { type: 'json' };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the files', () => {
  it.each([...makeVectors()])('%s is what make-vectors writes', (name, content) => {
    expect(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')).toBe(content);
  });
});

describe('SSZ written a second time', () => {
  const types = independent as unknown as Record<string, Ssz<unknown>>;

  it('knows every type', () => {
    expect(new Set(sszVectors.map(({ type }) => type))).toEqual(new Set(Object.keys(types)));
  });

  it.each(sszVectors.map((vector, i) => [`${i} ${vector.type}`, vector] as const))(
    'agrees on %s',
    (_, vector) => {
      const type = types[vector.type];
      if (type === undefined) throw new Error(`no type ${vector.type}`);
      const bytes = hexToBytes(vector.bytes);
      const value = type.deserialize(bytes);
      expect(hex(type.serialize(value))).toBe(vector.bytes);
      expect(hex(type.hashTreeRoot(value))).toBe(vector.root);
    },
  );

  it('reads the values the vectors name', () => {
    const first = sszVectors.find(({ type }) => type === 'Header');
    if (first === undefined) throw new Error('there is a header');
    expect(independent.Header.deserialize(hexToBytes(first.bytes))).toMatchObject({
      height: 0x1122n,
      timestamp: 1_767_225_600_001n,
      bits: 0x1e04_0000n,
    });
    expect(first.value).toMatchObject({ height: '4386', timestamp: '1767225600001', bits: 0x1e04_0000 });
  });
});

describe('ids, addresses and signatures', () => {
  it.each(identifiers.addresses)('$text', ({ bytes, text }) => {
    expect(encodeBech32m('tally', hexToBytes(bytes))).toBe(text);
    expect(hex(decodeBech32m('tally', text))).toBe(bytes);
  });

  it.each(identifiers.signatures)('$transactionId is signed as RFC 8032 says', (vector) => {
    const { transaction } = vector;
    const id = independent.Transaction.hashTreeRoot({
      sender: hexToBytes(transaction.sender),
      sequence: BigInt(transaction.sequence),
      recipient: hexToBytes(transaction.recipient),
      amount: BigInt(transaction.amount),
      fee: BigInt(transaction.fee),
      data: hexToBytes(transaction.data),
    });
    expect(hex(id)).toBe(vector.transactionId);
    const message = sha256(hexToBytes(vector.networkId), id);
    expect(hex(message)).toBe(vector.message);
    const der = Buffer.from(`302e020100300506032b657004220420${vector.seed}`, 'hex');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    expect(createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('hex').slice(-64)).toBe(
      transaction.sender,
    );
    expect(hex(sign(null, message, key))).toBe(vector.signature);
  });
});

describe('numbers', () => {
  it.each(targets)('target $bits', ({ bits, target, work }) => {
    // mantissa × 256^(size − 3), cut to an integer; a sign bit, zero and 2^256 are no targets.
    const [size, mantissa] = [BigInt(bits) >> 24n, BigInt(bits) & 0xff_ffffn];
    const value = (mantissa * 256n ** size) / 256n ** 3n;
    if (mantissa >= 0x80_0000n || value === 0n || value >= 2n ** 256n) {
      expect(target).toBeNull();
    } else {
      expect(target).toBe(value.toString(16).padStart(64, '0'));
      expect(work).toBe((2n ** 256n / (value + 1n)).toString());
    }
  });

  it.each(difficulty)('difficulty: $what, half-life $halfLife', ({ rows, ...fields }) => {
    const params = {
      blockInterval: BigInt(fields.blockInterval),
      halfLife: BigInt(fields.halfLife),
      limitBits: BigInt(fields.limitBits),
    };
    const blocks = rows.map((row) => row.split(' ').map(BigInt) as [timestamp: bigint, nextBits: bigint]);
    for (const [height, [timestamp, next]] of blocks.entries()) {
      const grandparent = blocks[height - 1];
      if (height < 2 || grandparent === undefined) {
        expect(next).toBe(BigInt(fields.initialBits));
      } else {
        expect(nextBits(params, grandparent[1], timestamp - grandparent[0]), `height ${height}`).toBe(next);
      }
    }
  });
});

describe('networks', () => {
  it.each(networks)('$file.name', ({ file, bytes, id, genesis, genesisId }) => {
    const params = parseNetworkFile(file);
    expect(hex(encodeNetworkParams(params))).toBe(bytes);
    const read = independent.NetworkParams.deserialize(hexToBytes(bytes));
    expect(hex(independent.NetworkParams.hashTreeRoot(read))).toBe(id);
    expect(defineNetwork(decodeNetworkParams(hexToBytes(bytes)))).toMatchObject({ id, genesisId });
    const { sealed, transactions } = independent.Block.deserialize(hexToBytes(genesis));
    expect(hex(sealed.header.parent)).toBe(id);
    expect(hex(independent.SealedHeader.hashTreeRoot(sealed))).toBe(genesisId);
    expect(transactions).toEqual([]);
  });
});

/** The chain of chain.json up to a height, or the genesis of another network. */
function ledgerOf(name: string, height: number) {
  const file = networks.find((network) => network.file.name === name)?.file;
  const ledger = newLedger(defineNetwork(parseNetworkFile(file)));
  for (const { bytes } of chain.blocks.slice(0, height)) {
    append(ledger, decodeBlock(hexToBytes(bytes), ledger.network.params));
  }
  return ledger;
}

describe('the chain', () => {
  it('leads, block by block, to the states written', () => {
    const ledger = newLedger(defineNetwork(TEST_PARAMS));
    expect([ledger.network.id, ledger.network.genesisId]).toEqual([chain.networkId, chain.genesisId]);
    for (const { height, id, bytes, state } of chain.blocks) {
      const checked = checkWholeBlock(ledger, hexToBytes(bytes));
      expect(checked.id).toBe(id);
      append(ledger, checked.block);
      expect(ledger.blocks).toHaveLength(height + 1);
      const accounts = [...ledger.state].map(([address, { balance, sequence }]) => ({
        address,
        balance: balance.toString(),
        sequence: sequence.toString(),
      }));
      expect(accounts).toEqual(state);
    }
  });
});

describe('what must be refused', () => {
  it.each(invalid.blocks)('$code: $what', ({ code, network, after, bytes }) => {
    const ledger = ledgerOf(network, after);
    refusedWith(code as RuleCode, () => checkWholeBlock(ledger, hexToBytes(bytes)));
  });

  it.each(invalid.transactions)('$code: a transaction with $what', ({ code, bytes }) => {
    refusedWith(code as RuleCode, () => decodeSignedTransaction(hexToBytes(bytes)));
  });

  it.each(invalid.networks)('$code: $what', ({ code, bytes }) => {
    refusedWith(code as RuleCode, () => checkNetworkParams(decodeNetworkParams(hexToBytes(bytes))));
  });

  it('has a case for every rule of core/', () => {
    const codes = [...invalid.blocks, ...invalid.transactions, ...invalid.networks].map(({ code }) => code);
    expect([...new Set(codes)].sort()).toEqual(
      [
        'malformed-encoding',
        'oversized-transaction',
        'oversized-block',
        'invalid-signature',
        'wrong-sequence',
        'amount-overflow',
        'insufficient-balance',
        'balance-overflow',
        'wrong-height',
        'timestamp-not-after-parent',
        'wrong-bits',
        'invalid-proof-of-work',
        'wrong-transactions-root',
        'invalid-network-parameters',
      ].sort(),
    );
  });

  it('is next to a block that is accepted, so nothing else is wrong there', () => {
    const ledger = ledgerOf('test', chain.blocks.length - 1);
    const last = chain.blocks.at(-1);
    expect(checkWholeBlock(ledger, hexToBytes(last?.bytes ?? '')).id).toBe(last?.id);
    expect(hex(encodeBlock(ledger.network.genesis))).toBe(networks[1]?.genesis);
  });
});
