import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReceipt, encodeReceipt, type Receipt } from '../../src/client/receipt.ts';
import { receiptFromJson, receiptToJson } from '../../src/client/receipt-json.ts';
import { encodeRecord } from '../../src/client/record.ts';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { loadSignatureVerifier } from '../../src/client/strict-signatures.ts';
import { type ProvenReceipt, ReceiptError, verifyReceipt } from '../../src/client/verify-receipt.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { workOfBits } from '../../src/core/target.ts';
import type { Header } from '../../src/core/types.ts';
import { checkSignatureRule } from '../../src/native/self-check.ts';
import { mineHeader, payment, testNetwork } from '../support/ledger.ts';
import { earnestNetwork, fileOf, identified, makeReceipt, SENDER } from '../support/receipts.ts';

const network = earnestNetwork();
const file = fileOf(network);
const sha256 = Uint8Array.from({ length: 32 }, (_, i) => i);
const { maker, receipt } = makeReceipt(network, { data: encodeRecord({ sha256, note: 'für später' }) });
const compact = encodeReceipt(receipt);
const json = receiptToJson(receipt);
const [block, first, second, last] = receipt.headers;
if (first === undefined || second === undefined || last === undefined) throw new Error('three bury it');

/** The code and message of a refusal; what was proved if there is none. */
async function judge(given: Uint8Array | string | object): Promise<ProvenReceipt | ReceiptError> {
  try {
    return await verifyReceipt(given, file);
  } catch (error) {
    if (error instanceof ReceiptError) return error;
    throw error;
  }
}

async function faultOf(given: Uint8Array | string | object): Promise<string> {
  const verdict = await judge(given);
  return verdict instanceof ReceiptError ? verdict.code : 'none';
}

/** With headers mined again, so that only the rule in question is broken. */
function withHeaders(...headers: { readonly header: Header; readonly nonce: Uint8Array }[]): Receipt {
  return { ...receipt, headers: headers.map(identified) as unknown as Receipt['headers'] };
}

function edited(edit: (json: ReceiptJson & Record<string, unknown>) => void): object {
  const copy = structuredClone(json);
  edit(copy as ReceiptJson & Record<string, unknown>);
  return copy;
}

const proved = await verifyReceipt(compact, file);

describe('a good receipt', () => {
  it('proves the same in every form', async () => {
    const text = JSON.stringify(json, undefined, 2);
    for (const form of [compact, Buffer.from(compact), json, text, new TextEncoder().encode(text)]) {
      expect(await verifyReceipt(form, file)).toEqual(proved);
    }
  });

  it('says what is proved, how much work forging it takes, and what is not proved', () => {
    const work = receipt.headers.reduce((sum, { sealed }) => sum + workOfBits(sealed.header.bits), 0n);
    expect(proved.record).toEqual({ sha256: bytesToHex(sha256), note: 'für später' });
    expect(proved).toMatchObject({
      network: { id: network.id, name: 'test' },
      transaction: { id: json.transaction.id, amount: '0' },
      block: { id: bytesToHex(block.id), height: 4, time: json.block.header.timestamp },
      last: { id: bytesToHex(last.id), height: 7 },
      index: 1,
      confirmations: 4,
      work,
    });
    expect(work).toBeGreaterThan(4n * 2n ** 9n);
    expect(proved.notProved.join()).toContain('that the time is exact');
  });

  it('is the same after a round trip through either form', () => {
    expect(encodeReceipt(decodeReceipt(compact))).toEqual(compact);
    expect(receiptToJson(receiptFromJson(json))).toEqual(json);
    expect(encodeReceipt(receiptFromJson(json))).toEqual(compact);
  });

  it('proves the fingerprint of the file given, and needs no file', async () => {
    const given = await verifyReceipt(compact, file, { fileSha256: sha256 });
    expect(given.record).toMatchObject({ fileMatches: true });
  });

  it.each([0, 1, 2])(
    'may stand behind %i other blocks, where less is known of its target',
    async (before) => {
      const { receipt: early } = makeReceipt(network, { before, burying: 2 });
      expect(await verifyReceipt(encodeReceipt(early), file)).toMatchObject({
        block: { height: before + 1 },
        confirmations: 3,
      });
    },
  );

  it('may have no header on top', async () => {
    const alone = encodeReceipt({ ...receipt, headers: [block] });
    expect(await verifyReceipt(alone, file)).toMatchObject({ confirmations: 1, last: proved.block });
  });
});

describe('what is wrong is named', () => {
  it('receipt-format: anything else, cut off, too long, unknown fields, other spellings', async () => {
    for (const given of [
      '',
      '{}',
      'null',
      '[]',
      'x'.repeat(20 * 1_024 * 1_024),
      new Uint8Array(0),
      Uint8Array.of(0xff, 0xfe),
      compact.subarray(0, -40),
      compact.subarray(0, 4),
      Uint8Array.of(...compact, ...new Uint8Array(32)),
      new Uint8Array(20 * 1_024 * 1_024),
      { ...json, more: 1 },
      edited((copy) => copy.branch.pop()),
      edited((copy) => copy.branch.push('00'.repeat(32))),
      edited((copy) => {
        copy.networkId = copy.networkId.toUpperCase();
      }),
      edited((copy) => {
        copy.index = 1.5;
      }),
      edited((copy) => {
        copy.transaction.amount = '00';
      }),
      edited((copy) => {
        (copy.block.header as Record<string, unknown>).extra = { length: 4_000_000_000 };
      }),
      edited((copy) => {
        copy.block.header.bits = '0x11f3fffff';
      }),
      edited((copy) => {
        copy.burying = new Array(10_001).fill(copy.block);
      }),
    ]) {
      expect(await faultOf(given)).toBe('receipt-format');
    }
  });

  it('receipt-format: a number of millions of digits, which is not read', async () => {
    const given = edited((copy) => {
      copy.transaction.amount = '7'.repeat(10_000_000);
    });
    expect(await judge(given)).toMatchObject({
      code: 'receipt-format',
      message: expect.stringContaining('receipt.transaction.amount is too long'),
    });
  });

  it("in one line, without a stranger's escape sequences", async () => {
    const sequence = '\u001b[31m\n';
    for (const given of [
      `{"${sequence}`,
      sequence,
      { ...json, [sequence]: 1 },
      { ...json, version: sequence },
    ]) {
      const verdict = await judge(given);
      expect(verdict).toBeInstanceOf(ReceiptError);
      expect((verdict as ReceiptError).message).not.toMatch(/\p{C}/u);
    }
  });

  it('receipt-version: a later format', async () => {
    const later = compact.slice();
    later[3] = 2;
    expect(await faultOf(later)).toBe('receipt-version');
    expect(await faultOf({ ...json, version: 2 })).toBe('receipt-version');
    // What JSON can hold and no text can be made of.
    const unprintable = JSON.parse('{"toString": 1, "valueOf": 1}') as unknown;
    for (const version of [unprintable, [unprintable], '1', null, undefined])
      expect(await faultOf({ ...json, version })).toBe('receipt-format');
  });

  it('other-network', async () => {
    const other = fileOf(testNetwork());
    await expect(verifyReceipt(compact, other)).rejects.toMatchObject({ code: 'other-network' });
  });

  it('transaction-id: a field of the transaction was changed beside its id', async () => {
    const given = edited((copy) => {
      copy.transaction.fee = '1001';
    });
    expect(await judge(given)).toMatchObject({
      code: 'transaction-id',
      message: expect.stringContaining('transaction.id'),
    });
  });

  it('signature: by another key, for another network, or not by the strict rule', async () => {
    const forAnother = payment(testNetwork(), { from: SENDER, to: SENDER.address, sequence: 1 });
    expect(await faultOf(encodeReceipt({ ...receipt, signed: forAnother.signed }))).toBe('signature');
  });

  it('block-id: a header was changed beside its id', async () => {
    const given = edited((copy) => {
      copy.block.header.miner = copy.transaction.sender;
    });
    expect(await judge(given)).toMatchObject({
      code: 'block-id',
      message: expect.stringContaining('block.id'),
    });
    const endingElsewhere = { ...last, id: first.id };
    const wrongEnd = encodeReceipt({ ...receipt, headers: [block, first, second, endingElsewhere] });
    expect(await faultOf(wrongEnd)).toBe('block-id');
  });

  it('header-chain: not the child of the one before, the wrong height, a genesis', async () => {
    for (const edit of [
      (copy: ReceiptJson) => copy.burying.shift(),
      (copy: ReceiptJson) => copy.burying.reverse(),
      (copy: ReceiptJson) => {
        (copy.burying[1] as ReceiptJson['block']).header.height = 9;
      },
    ]) {
      expect(await faultOf(edited(edit))).toBe('header-chain');
    }
    const lowest = mineHeader({ ...block.sealed.header, height: 0n });
    expect(await faultOf(encodeReceipt(withHeaders(lowest)))).toBe('header-chain');
    const onNothing = mineHeader({ ...block.sealed.header, height: 1n });
    expect(await faultOf(encodeReceipt(withHeaders(onNothing)))).toBe('header-chain');
  });

  it('timestamp: not after the one before, or before there can be such a block', async () => {
    const { timestamp } = block.sealed.header;
    const atOnce = mineHeader({ ...first.sealed.header, timestamp });
    expect(await faultOf(encodeReceipt(withHeaders(block.sealed, atOnce)))).toBe('timestamp');
    const early = mineHeader({ ...block.sealed.header, timestamp: network.params.genesisTime + 3n });
    expect(await faultOf(encodeReceipt(withHeaders(early)))).toBe('timestamp');
  });

  it('difficulty: a target easier or harder than the rule gives', async () => {
    const easy = 0x2000_ffff;
    const hard = 0x1f00_ffff;
    const faultWith = (...headers: [Header, number][]) =>
      faultOf(
        encodeReceipt(
          withHeaders(
            ...headers.map(([header, bits], at) =>
              bits === header.bits
                ? (receipt.headers[at] as (typeof receipt.headers)[0]).sealed
                : { header: { ...header, bits }, nonce: new Uint8Array(32) },
            ),
          ),
        ),
      );
    const [one, two, three] = [block, first, second].map(({ sealed }) => sealed.header) as [
      Header,
      Header,
      Header,
    ];
    // Of the first nothing is known but the easiest of the network.
    for (const bits of [0, easy]) expect(await faultWith([one, bits])).toBe('difficulty');
    expect(await faultWith([one, hard])).toBe('proof-of-work');
    // Of the second, the time of its grandparent is not known: what any would have given is allowed.
    for (const bits of [easy, hard]) expect(await faultWith([one, one.bits], [two, bits])).toBe('difficulty');
    // From the third on it is exact.
    const off = three.bits - 1;
    expect(await faultWith([one, one.bits], [two, two.bits], [three, off])).toBe('difficulty');
  });

  it('proof-of-work: headers nobody has worked on', async () => {
    const lazy = { ...block.sealed, nonce: new Uint8Array(32).fill(0xab) };
    expect(await judge(encodeReceipt(withHeaders(lazy)))).toMatchObject({
      code: 'proof-of-work',
      message: expect.stringContaining('block 4 hashes to'),
    });
  });

  it('branch: another place, another node, another transaction', async () => {
    expect(await faultOf(encodeReceipt({ ...receipt, index: 0 }))).toBe('branch');
    expect(await faultOf(encodeReceipt({ ...receipt, branch: [...receipt.branch].reverse() }))).toBe(
      'branch',
    );
    const another = payment(network, { from: SENDER, to: SENDER.address, sequence: 9 });
    expect(await faultOf(encodeReceipt({ ...receipt, signed: another.signed }))).toBe('branch');
  });

  it('fingerprint: another file; no-record: a payment', async () => {
    const other = { fileSha256: new Uint8Array(32) };
    await expect(verifyReceipt(json, file, other)).rejects.toMatchObject({
      code: 'fingerprint',
      message: expect.stringContaining(bytesToHex(sha256)),
    });
    const plain = encodeReceipt(makeReceipt(network, { burying: 0, before: 0 }).receipt);
    await expect(verifyReceipt(plain, file, other)).rejects.toMatchObject({ code: 'no-record' });
    expect((await verifyReceipt(plain, file)).record).toBeUndefined();
  });

  it('a caller who breaks the promise of 32 bytes, or parameters that make no sense', async () => {
    await expect(verifyReceipt(json, file, { fileSha256: new Uint8Array(31) })).rejects.toThrow(RangeError);
    await expect(verifyReceipt(json, { ...file, subsidy: '-1' })).rejects.toMatchObject({
      code: 'invalid-network-parameters',
    });
  });
});

describe('a receipt with one byte changed is refused, or claims the same', () => {
  it('in the compact form: every byte, whatever it becomes', async () => {
    for (let at = 0; at < compact.length; at++) {
      const changed = compact.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      expect([at, await faultOf(changed)]).not.toEqual([at, 'none']);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(compact.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = compact.slice();
        changed[at] = (changed[at] as number) ^ flip;
        expect(await faultOf(changed)).not.toBe('none');
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, 2])('as text, indented by %i', async (indentation) => {
    const bytes = new TextEncoder().encode(JSON.stringify(json, undefined, indentation));
    const arbitrary = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
    const judged = async (at: number, flip: number) => {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ flip;
      const verdict = await judge(changed);
      if (!(verdict instanceof ReceiptError)) expect(verdict).toEqual(proved);
    };
    for (let at = 0; at < bytes.length; at++) await judged(at, 1 << (at % 8));
    await fc.assert(
      fc.asyncProperty(arbitrary, ([at, flip]) => judged(at, flip)),
      { numRuns: 500 },
    );
  });

  it('and so is one with anything in the place of a value', async () => {
    const paths: (string | number)[][] = [];
    const collect = (value: unknown, path: (string | number)[]): void => {
      paths.push(path);
      if (typeof value === 'object' && value !== null)
        for (const [name, inner] of Object.entries(value)) collect(inner, [...path, name]);
    };
    collect(json, []);
    const anything = fc.oneof(fc.jsonValue(), fc.double(), fc.bigInt(), fc.constant({ length: 2 ** 32 }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths.slice(1)), anything, async (path, value) => {
        const given = structuredClone(json);
        let target = given as unknown as Record<string, unknown>;
        for (const name of path.slice(0, -1)) target = target[name] as Record<string, unknown>;
        target[path.at(-1) as string] = value;
        const verdict = await judge(given);
        if (verdict instanceof ReceiptError) return;
        // Without what buries it a receipt is a receipt still: it claims less, and nothing else.
        const isBare = path.join() === 'burying' && Array.isArray(value) && value.length === 0;
        if (isBare)
          expect(verdict).toMatchObject({ block: proved.block, index: proved.index, confirmations: 1 });
        else expect(verdict).toEqual(proved);
      }),
      { numRuns: 1_000, examples: [[['burying'], []]] },
    );
  });

  it('also where there is no work to speak of: the ids hold it together', async () => {
    const easy = testNetwork();
    const { receipt: cheap } = makeReceipt(easy, { data: encodeRecord({ sha256 }) });
    const bytes = encodeReceipt(cheap);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << ((at + 3) % 8));
      await expect(verifyReceipt(changed, fileOf(easy)), `byte ${at}`).rejects.toThrow(ReceiptError);
    }
  });
});

describe('libsodium in WebAssembly', () => {
  it('follows the rule of the ledger', async () => checkSignatureRule(await loadSignatureVerifier()));
});

it('headers of the same network made elsewhere are no part of the receipt', async () => {
  const elsewhere = maker.block(maker.genesis, { extra: Uint8Array.of(1) });
  const given = withHeaders(block.sealed, first.sealed, elsewhere.block.sealed);
  expect(await faultOf(encodeReceipt(given))).not.toBe('none');
});
