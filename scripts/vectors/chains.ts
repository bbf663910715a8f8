/** Vectors of networks, of a valid chain, and of what must be refused. */
import { encodeBlock, encodeNetworkParams, encodeSignedTransaction } from '../../src/core/encoding.ts';
import type { RuleCode } from '../../src/core/errors.ts';
import { blockId } from '../../src/core/hashing.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import {
  DEV_PARAMS,
  defineNetwork,
  type NetworkDefinition,
  TEST_PARAMS,
} from '../../src/core/network-params.ts';
import { workOfBits } from '../../src/core/target.ts';
import {
  type Block,
  type Header,
  MAX_UINT63,
  type NetworkParams,
  type SignedTransaction,
} from '../../src/core/types.ts';
import {
  append,
  flipByte,
  type Ledger,
  newLedger,
  nextBlock,
  nextHeader,
  seal,
  signer,
  signTransaction,
} from '../../test/support/rule-ledger.ts';

const encoder = new TextEncoder();
const [alice, bob, carol] = [signer(1), signer(2), signer(3)];

const ALLOCATED: NetworkParams = {
  ...TEST_PARAMS,
  name: encoder.encode('allocated'),
  maxBlockBytes: 4_096,
  allocations: [
    { address: alice.publicKey, amount: 1_000n },
    { address: bob.publicKey, amount: MAX_UINT63 - 1_000n },
  ],
};
/** The blocks to be refused come after the tip of the chain, or after the genesis of a network with allocations. */
const NETWORKS = { dev: DEV_PARAMS, test: TEST_PARAMS, allocated: ALLOCATED };

export function networkVectors() {
  return Object.values(NETWORKS).map((params) => {
    const network = defineNetwork(params);
    return {
      file: formatNetworkFile(params),
      bytes: bytesToHex(encodeNetworkParams(params)),
      id: network.id,
      genesis: bytesToHex(encodeBlock(network.genesis)),
      genesisId: network.genesisId,
    };
  });
}

function testChain(seen: (block: Block, ledger: Ledger) => void = () => undefined): Ledger {
  const network = defineNetwork(TEST_PARAMS);
  const ledger = newLedger(network);
  const pay = (...args: Parameters<typeof signTransaction> extends [unknown, ...infer Rest] ? Rest : never) =>
    signTransaction(network, ...args);
  const bodies: [SignedTransaction[], Partial<Header>][] = [
    [[], { miner: alice.publicKey }],
    [[], { miner: bob.publicKey, extra: encoder.encode('an extra of thirty-two bytes: 32') }],
    [[pay(alice, { recipient: bob.publicKey, amount: 10_000_000n, fee: 160n })], { miner: alice.publicKey }],
    [
      [
        pay(bob, {
          recipient: carol.publicKey,
          amount: 5_000_000n,
          fee: 200n,
          data: encoder.encode('lunch'),
        }),
        pay(carol, { recipient: alice.publicKey, amount: 4_999_000n, fee: 1_000n }),
        pay(alice, { sequence: 1n, fee: 0n }),
      ],
      { miner: carol.publicKey },
    ],
    [
      [
        pay(alice, { sequence: 2n, amount: 1n, fee: 300n }),
        pay(alice, {
          sequence: 3n,
          recipient: bob.publicKey,
          fee: 1_300n,
          data: new Uint8Array(1_024).fill(7),
        }),
      ],
      { miner: alice.publicKey, timestamp: TEST_PARAMS.genesisTime + 4_001n },
    ],
    [[], {}],
  ];
  for (const [transactions, header] of bodies) {
    const block = nextBlock(ledger, transactions, header);
    append(ledger, block);
    seen(block, ledger);
  }
  return ledger;
}

/** Blocks from height 1 on; `work` is accumulated from the genesis on, which counts. */
export function chainVectors() {
  let work = workOfBits(TEST_PARAMS.initialBits);
  const blocks: object[] = [];
  const { network } = testChain((block, { state }) => {
    work += workOfBits(block.sealed.header.bits);
    blocks.push({
      height: Number(block.sealed.header.height),
      id: blockId(block.sealed),
      bytes: bytesToHex(encodeBlock(block)),
      work: work.toString(),
      state: [...state].map(([address, { balance, sequence }]) => ({
        address,
        balance: balance.toString(),
        sequence: sequence.toString(),
      })),
    });
  });
  return { network: network.name, networkId: network.id, genesisId: network.genesisId, blocks };
}

interface InvalidBlock {
  code: RuleCode;
  what: string;
  network: string;
  /** Height of the block it would come after: of chain.json, or 0. */
  after: number;
  bytes: string;
}

/** Every block breaks the one rule named, and no rule that is checked before it. */
export function invalidVectors() {
  const ledger = testChain();
  const { network } = ledger;
  const blocks: InvalidBlock[] = [];
  const refuse = (code: RuleCode, what: string, bytes: Uint8Array, on: Ledger = ledger) =>
    blocks.push({
      code,
      what,
      network: on.network.name,
      after: on.blocks.length - 1,
      bytes: bytesToHex(bytes),
    });
  const pay = (fields: Parameters<typeof signTransaction>[2], on: NetworkDefinition = network) =>
    signTransaction(on, alice, { sequence: 4n, ...fields });
  const body = (...transactions: SignedTransaction[]) => encodeBlock(nextBlock(ledger, transactions));

  const good = body(pay({ fee: 1n }));
  const offset = (position: number, value: number) => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(position, value, true);
    return bytes;
  };
  refuse('malformed-encoding', 'nothing', new Uint8Array());
  refuse('malformed-encoding', 'cut off within the header', good.slice(0, 100));
  refuse('malformed-encoding', 'a first offset that is not the end of the fixed part', offset(0, 12));
  refuse('malformed-encoding', 'offsets that go back', offset(4, 7));
  refuse('malformed-encoding', 'an offset beyond the end', offset(4, good.length + 1));
  refuse('malformed-encoding', 'a list that claims more items than there is room for', offset(164, 40_000));
  refuse('malformed-encoding', 'a list whose first offset is no multiple of four', offset(164, 5));
  refuse('malformed-encoding', 'a list whose first offset is 0', offset(164, 0));
  refuse(
    'malformed-encoding',
    'data of 1,025 bytes',
    encodeBlock(nextBlock(ledger, [tooLong(pay({ fee: 1n }))])),
  );

  const header = (fields: Partial<Header>) =>
    encodeBlock({ sealed: seal(nextHeader(ledger, fields)), transactions: [] });
  const last = BigInt(ledger.blocks.length - 1);
  refuse('wrong-height', 'the height of its parent', header({ height: last }));
  refuse('wrong-height', 'a height too far', header({ height: last + 2n }));
  const parentTime = ledger.blocks.at(-1)?.sealed.header.timestamp ?? 0n;
  refuse('timestamp-not-after-parent', 'the time of its parent', header({ timestamp: parentTime }));
  refuse('wrong-bits', 'harder than demanded', header({ bits: 0x207f_fffe }));
  refuse('wrong-bits', 'easier than allowed', header({ bits: 0x2100_ffff }));
  refuse(
    'invalid-proof-of-work',
    'an id above the target',
    encodeBlock({ sealed: seal(nextHeader(ledger), 'invalid'), transactions: [] }),
  );

  const two = nextBlock(ledger, [pay({ fee: 1n }), pay({ sequence: 5n, fee: 2n })]);
  refuse('wrong-transactions-root', 'no transactions', encodeBlock({ ...two, transactions: [] }));
  refuse(
    'wrong-transactions-root',
    'swapped',
    encodeBlock({ ...two, transactions: two.transactions.toReversed() }),
  );
  refuse('wrong-transactions-root', 'a byte of the last signature', flipByte(good, good.length - 1 - 92, 1));

  const valid = pay({ fee: 1n });
  refuse(
    'invalid-signature',
    'a changed byte',
    body({ ...valid, signature: flipByte(valid.signature, 3, 1) }),
  );
  refuse('invalid-signature', 'zeros', body({ ...valid, signature: new Uint8Array(64) }));
  refuse(
    'invalid-signature',
    'signed for another network',
    body(pay({ fee: 1n }, defineNetwork(DEV_PARAMS))),
  );
  const smallOrder = Uint8Array.of(1, ...new Uint8Array(31));
  refuse(
    'invalid-signature',
    'a sender of small order: the identity, S = 0, R = the identity',
    body({
      transaction: { ...valid.transaction, sender: smallOrder, sequence: 0n, fee: 0n },
      signature: Uint8Array.of(...smallOrder, ...new Uint8Array(32)),
    }),
  );

  refuse('wrong-sequence', 'one used already', body(pay({ sequence: 3n, fee: 1n })));
  refuse('wrong-sequence', 'one left out', body(pay({ sequence: 5n, fee: 1n })));
  refuse('wrong-sequence', 'the same transaction twice', body(valid, valid));
  refuse('amount-overflow', '2^63', body(pay({ amount: MAX_UINT63, fee: 1n })));
  refuse('amount-overflow', 'a sum that wraps in 64 bits', body(pay({ amount: 2n ** 64n - 1n, fee: 2n })));
  const balance = ledger.state.get(alice.address)?.balance ?? 0n;
  refuse('insufficient-balance', 'one notch too many', body(pay({ amount: balance, fee: 1n })));
  refuse(
    'insufficient-balance',
    'to oneself',
    body(pay({ recipient: alice.publicKey, amount: balance + 1n })),
  );

  const allocated = newLedger(defineNetwork(ALLOCATED));
  const rich = allocated.network;
  const gift = signTransaction(rich, alice, { recipient: bob.publicKey, amount: 1_000n });
  const first = (transactions: SignedTransaction[], fields: Partial<Header>) =>
    encodeBlock(nextBlock(allocated, transactions, fields));
  refuse('balance-overflow', 'the reward of a rich miner', first([], { miner: bob.publicKey }), allocated);
  refuse(
    'balance-overflow',
    'a reward over 2^63 − 1',
    first([signTransaction(rich, bob, { fee: MAX_UINT63 - 1_000n })], { miner: carol.publicKey }),
    allocated,
  );
  const notes = Array.from({ length: 4 }, (_, i) =>
    signTransaction(rich, alice, { sequence: BigInt(i), data: new Uint8Array(1_024) }),
  );
  refuse('oversized-block', 'longer than maxBlockBytes', first([gift, ...notes], {}), allocated);

  return { blocks, transactions: invalidTransactions(valid), networks: invalidNetworks() };
}

/** The same with more data than its type allows. */
function tooLong(signed: SignedTransaction): SignedTransaction {
  return { ...signed, transaction: { ...signed.transaction, data: new Uint8Array(1_025) } };
}

function invalidTransactions(valid: SignedTransaction): { code: RuleCode; what: string; bytes: string }[] {
  const bytes = encodeSignedTransaction(valid);
  return [
    {
      code: 'oversized-transaction',
      what: '1,025 bytes of data',
      bytes: bytesToHex(encodeSignedTransaction(tooLong(valid))),
    },
    { code: 'malformed-encoding', what: 'the signature only', bytes: bytesToHex(bytes.subarray(0, 68)) },
    { code: 'malformed-encoding', what: 'a gap behind the offset', bytes: bytesToHex(flipByte(bytes, 0, 1)) },
  ];
}

function invalidNetworks(): { code: RuleCode; what: string; bytes: string }[] {
  const changes: Record<string, Partial<NetworkParams>> = {
    'no name': { name: new Uint8Array() },
    'a name that is not UTF-8': { name: Uint8Array.of(0xff) },
    'no time between blocks': { blockInterval: 0n },
    'times over 2^53 − 1': { genesisTime: 2n ** 53n },
    'a subsidy over 2^63 − 1': { subsidy: MAX_UINT63 + 1n },
    'bits that are no target': { initialBits: 0 },
    'easier than its limit': { limitBits: 0x1d00_ffff },
    'blocks too small for a transaction': { maxBlockBytes: 1_000 },
    'blocks too large for a message': { maxBlockBytes: 2_097_153 },
    'an address twice': {
      allocations: [alice, alice].map(({ publicKey }) => ({ address: publicKey, amount: 1n })),
    },
    'allocations over 2^63 − 1': {
      allocations: [alice, bob].map(({ publicKey }) => ({ address: publicKey, amount: MAX_UINT63 })),
    },
  };
  return Object.entries(changes).map(([what, change]) => ({
    code: 'invalid-network-parameters',
    what,
    bytes: bytesToHex(encodeNetworkParams({ ...TEST_PARAMS, ...change })),
  }));
}
