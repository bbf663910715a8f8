import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAX_KEY_FILE_LENGTH } from '../../src/client/key-file-content.ts';
import { MAX_BURYING_HEADERS } from '../../src/client/receipt.ts';
import { RECEIPT_FAULTS } from '../../src/client/receipt-error.ts';
import { MAX_NOTE_BYTES } from '../../src/client/record.ts';
import { MAX_ACCOUNTS } from '../../src/client/wallet.ts';
import { BRANCH_NODES } from '../../src/core/branch.ts';
import * as encoding from '../../src/core/encoding.ts';
import { RULES } from '../../src/core/errors.ts';
import {
  BUILT_IN_NETWORKS,
  defineNetwork,
  MAX_SUPPORTED_BLOCK_BYTES,
  MIN_SUPPORTED_BLOCK_BYTES,
} from '../../src/core/network-params.ts';
import * as compact from '../../src/node/compact-block.ts';
import * as wire from '../../src/node/wire.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const written = (value: number) => value.toLocaleString('en-US');

describe('docs/protocol.md', () => {
  it('names every rule', () => {
    for (const code of Object.keys(RULES)) expect(page).toContain(`\`${code}\``);
  });

  it('names every fault of a receipt', () => {
    for (const code of Object.keys(RECEIPT_FAULTS)) expect(page).toContain(`\`${code}\``);
  });

  it.each(Object.entries(BUILT_IN_NETWORKS))('has the ids of %s', (_, params) => {
    const { id, genesisId } = defineNetwork(params);
    expect(page).toContain(id);
    expect(page).toContain(genesisId);
  });

  it.each([
    ['List[Bytes32, 64]', wire.MAX_LOCATOR_IDS],
    ['List[SealedHeader, 2000]', wire.MAX_HEADERS],
    ['List[Bytes32, 128]', wire.MAX_BLOCKS_REQUESTED],
    ['List[Bytes32, 32768]', wire.MAX_POOL_IDS],
    ['List[Bytes32, 1024]', wire.MAX_TRANSACTIONS_REQUESTED],
    ['List[ByteList[256], 64]', wire.MAX_ADDRESSES],
    ['List[ByteList[256], 64]', wire.MAX_ADDRESS_BYTES],
    ['List[SignedTransaction, 512]', wire.MAX_GOSSIP_TRANSACTIONS],
    ['at most 131,072 bytes', wire.MAX_GOSSIP_TRANSACTIONS_BYTES],
    ['at most 229,756 bytes', wire.MAX_GOSSIP_BYTES],
    ['shortIds: List[Bytes6, 12786]', wire.MAX_BLOCK_TRANSACTIONS],
    ['indexes: List[uint16, 12786]', wire.MAX_BLOCK_TRANSACTIONS],
    ['signed: SignedTransaction }, 128]', wire.MAX_PREFILLED],
    ['at most 16,384 bytes of its block', compact.PREFILL_BYTES],
    ['to 2,097,152 (one answer)', MAX_SUPPORTED_BLOCK_BYTES],
    ['1,384 (the longest transaction fits)', MIN_SUPPORTED_BLOCK_BYTES],
    ['160 + data, at most 1,184', encoding.MAX_SIGNED_TRANSACTION_BYTES],
    ['156 + extra, at most 188', encoding.MAX_SEALED_HEADER_BYTES],
    ['UTF-8, 0 to 990 bytes', MAX_NOTE_BYTES],
    ['branch: Vector[Bytes32, 17]', BRANCH_NODES],
    ['burying: List[BuryingHeader, 10000]', MAX_BURYING_HEADERS],
    ['164 + extra', encoding.emptyBlockSize(0)],
    ['1 to 1,000, in their order', MAX_ACCOUNTS],
    ['JSON, at most 1 MiB', MAX_KEY_FILE_LENGTH / 2 ** 20],
    ["`m/44'/1413565529'/n'`", 0x54414c59],
  ])('says %s, as the code does', (text, value) => {
    expect(page).toContain(text);
    expect([String(value), written(value)].some((number) => text.includes(number))).toBe(true);
  });
});
