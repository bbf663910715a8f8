/**
 * Verifies the whole chain of a running daemon from docs/protocol.md alone. A second implementation of the
 * rules: it shares no code with `src/`, uses only `node:crypto`, and an SSZ written from its specification.
 *
 *     node scripts/verify-chain.ts [http://127.0.0.1:8141]
 */
import { createPublicKey, verify } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { decodeBech32m } from '../test/support/independent-bech32m.ts';
import * as ssz from '../test/support/independent-ledger.ts';
import { sha256 } from '../test/support/independent-ssz.ts';

/** Where the chain comes from: a daemon's API, a file, a test. */
export interface ChainSource {
  /** What `GET /v1/network` answers: `{ id, params }`, the parameters as in a network file. */
  network(): Promise<unknown>;
  /** SSZ bytes of the block at this height; undefined beyond the tip. */
  block(height: number): Promise<Uint8Array | undefined>;
}

export interface VerifiedChain {
  readonly networkId: string;
  readonly height: number;
  /** Id of the tip. */
  readonly tip: string;
  /** Accumulated from the genesis on, which counts. */
  readonly work: bigint;
  readonly transactions: number;
  /** Notches in existence: the sum of all balances. */
  readonly supply: bigint;
  /** By hex of the address. */
  readonly accounts: ReadonlyMap<string, Account>;
}

interface Account {
  readonly balance: bigint;
  readonly sequence: bigint;
}

type Json = Record<string, unknown>;

const MAX_AMOUNT = 2n ** 63n - 1n;
const REQUEST_TIMEOUT_MS = 10_000;
/** DER in front of the 32 bytes of an Ed25519 public key (RFC 8410). */
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** @throws Error naming the height and the rule that is broken */
export async function verifyChain(source: ChainSource): Promise<VerifiedChain> {
  const { id, params: json } = (await source.network()) as { id: string; params: Json };
  const params = readParams(json);
  const networkId = ssz.NetworkParams.hashTreeRoot(params);
  demand(hex(networkId) === id, `the network's id is ${hex(networkId)}, not ${id}`);

  const accounts = new Map<string, Account>(
    params.allocations.map(({ address, amount }) => [hex(address), { balance: amount, sequence: 0n }]),
  );
  let parent = genesisHeader(params, networkId);
  let tip = blockId({ header: parent, nonce: new Uint8Array(32) });
  let grandparent: ssz.Header | undefined;
  let work = workOf(params.initialBits);
  let transactions = 0;

  const genesis = await source.block(0);
  demand(genesis !== undefined, 'there is no genesis');
  demand(
    hex(genesis) === hex(genesisBytes(params, networkId)),
    'height 0: not the genesis of these parameters',
  );

  for (let height = 1; ; height++) {
    const bytes = await source.block(height);
    if (bytes === undefined) {
      const supply = [...accounts.values()].reduce((sum, { balance }) => sum + balance, 0n);
      return { networkId: id, height: height - 1, tip: hex(tip), work, transactions, supply, accounts };
    }
    try {
      demand(bytes.length <= Number(params.maxBlockBytes), 'longer than maxBlockBytes');
      const block = ssz.Block.deserialize(bytes);
      const { header } = block.sealed;
      demand(hex(header.parent) === hex(tip), 'its parent is not the block before');
      checkHeader(params, header, parent, grandparent);
      tip = blockId(block.sealed);
      demand(BigInt(`0x${hex(tip)}`) <= targetOf(header.bits), 'its id is above the target');
      const root = ssz.Transactions.hashTreeRoot(block.transactions);
      demand(hex(root) === hex(header.transactionsRoot), 'its transactionsRoot is another');
      for (const signed of block.transactions) checkSignature(networkId, signed);
      applyBlock(params, block, accounts);
      work += workOf(header.bits);
      transactions += block.transactions.length;
      grandparent = parent;
      parent = header;
    } catch (error) {
      throw new Error(`height ${height}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
}

function genesisHeader(params: ssz.NetworkParams, networkId: Uint8Array): ssz.Header {
  return {
    parent: networkId,
    height: 0n,
    timestamp: params.genesisTime,
    bits: params.initialBits,
    miner: new Uint8Array(32),
    transactionsRoot: ssz.Transactions.hashTreeRoot([]),
    extra: new Uint8Array(),
  };
}

function genesisBytes(params: ssz.NetworkParams, networkId: Uint8Array): Uint8Array {
  const sealed = { header: genesisHeader(params, networkId), nonce: new Uint8Array(32) };
  return ssz.Block.serialize({ sealed, transactions: [] });
}

function blockId({ header, nonce }: { header: ssz.Header; nonce: Uint8Array }): Uint8Array {
  return sha256(ssz.Header.hashTreeRoot(header), nonce);
}

function checkHeader(
  params: ssz.NetworkParams,
  header: ssz.Header,
  parent: ssz.Header,
  grandparent: ssz.Header | undefined,
): void {
  demand(header.height === parent.height + 1n, `its height is ${header.height}`);
  demand(header.timestamp > parent.timestamp, 'it is not later than its parent');
  const bits =
    header.height <= 2n || grandparent === undefined
      ? params.initialBits
      : nextBits(params, parent.bits, parent.timestamp - grandparent.timestamp);
  demand(header.bits === bits, `its bits are 0x${header.bits.toString(16)}, not 0x${bits.toString(16)}`);
}

/** docs/protocol.md, "Difficulty", from block 3 on. @param solveTime ms from the grandparent to the parent */
export function nextBits(
  params: Pick<ssz.NetworkParams, 'blockInterval' | 'halfLife' | 'limitBits'>,
  parentBits: bigint,
  solveTime: bigint,
): bigint {
  const { blockInterval, halfLife, limitBits } = params;
  if (halfLife === 0n) return parentBits;
  const counted = solveTime < 32n * blockInterval ? solveTime : 32n * blockInterval;
  const exponent = ((counted - blockInterval) * 65_536n) / halfLife;
  const whole = exponent >= 0n ? exponent / 65_536n : -((65_535n - exponent) / 65_536n);
  const e = exponent - whole * 65_536n;
  const polynomial =
    195_766_423_245_049n * e + 971_821_376n * e * e + 5_127n * e * e * e + 140_737_488_355_328n;
  const factor = 65_536n + polynomial / 281_474_976_710_656n;
  const scaled = targetOf(parentBits) * factor;
  const target = whole >= 0n ? (scaled * 2n ** whole) / 65_536n : scaled / 2n ** (16n - whole);
  const limit = targetOf(limitBits);
  return bitsOf(target < 1n ? 1n : target > limit ? limit : target);
}

function targetOf(bits: bigint): bigint {
  const size = bits / 16_777_216n;
  const mantissa = bits % 16_777_216n;
  demand(mantissa < 0x800000n, `bits 0x${bits.toString(16)} are negative`);
  const target = (mantissa * 256n ** size) / 16_777_216n;
  demand(target > 0n && target < 2n ** 256n, `bits 0x${bits.toString(16)} are no target`);
  return target;
}

function bitsOf(target: bigint): bigint {
  let size = 0n;
  while (256n ** size <= target) size++;
  let mantissa = (target * 16_777_216n) / 256n ** size;
  if (mantissa >= 0x800000n) {
    mantissa /= 256n;
    size++;
  }
  return size * 16_777_216n + mantissa;
}

function workOf(bits: bigint): bigint {
  return 2n ** 256n / (targetOf(bits) + 1n);
}

function checkSignature(networkId: Uint8Array, { transaction, signature }: ssz.SignedTransaction): void {
  const id = ssz.Transaction.hashTreeRoot(transaction);
  const der = Buffer.concat([PUBLIC_KEY_PREFIX, transaction.sender]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  demand(verify(null, sha256(networkId, id), key, signature), `transaction ${hex(id)}: signature`);
}

function applyBlock(params: ssz.NetworkParams, block: ssz.Block, accounts: Map<string, Account>): void {
  const read = (address: Uint8Array) => accounts.get(hex(address)) ?? { balance: 0n, sequence: 0n };
  const gain = (address: Uint8Array, amount: bigint) => {
    const account = read(address);
    const balance = account.balance + amount;
    demand(balance <= MAX_AMOUNT, `the balance of ${hex(address)} leaves 63 bits`);
    accounts.set(hex(address), { ...account, balance });
  };
  let reward = subsidyAt(params, block.sealed.header.height);
  for (const { transaction } of block.transactions) {
    const { sender, recipient, amount, fee } = transaction;
    const { balance, sequence } = read(sender);
    demand(transaction.sequence === sequence, `sequence ${transaction.sequence}, not ${sequence}`);
    demand(amount + fee <= balance, `${amount} + ${fee} of ${balance} notches`);
    accounts.set(hex(sender), { balance: balance - amount - fee, sequence: sequence + 1n });
    gain(recipient, amount);
    reward += fee;
    demand(reward <= MAX_AMOUNT, 'the reward leaves 63 bits');
  }
  gain(block.sealed.header.miner, reward);
}

function subsidyAt({ subsidy, halvingInterval }: ssz.NetworkParams, height: bigint): bigint {
  if (halvingInterval === 0n) return subsidy;
  let reward = subsidy;
  for (let halving = height / halvingInterval; halving > 0n && reward > 0n; halving--) reward /= 2n;
  return reward;
}

function readParams(json: Json): ssz.NetworkParams {
  const integer = (name: string) => BigInt(String(json[name]));
  return {
    name: new TextEncoder().encode(String(json.name)),
    genesisTime: BigInt(new Date(json.genesisTime as number | string).getTime()),
    blockInterval: integer('blockInterval'),
    halfLife: integer('halfLife'),
    initialBits: integer('initialBits'),
    limitBits: integer('limitBits'),
    subsidy: integer('subsidy'),
    halvingInterval: integer('halvingInterval'),
    maxBlockBytes: integer('maxBlockBytes'),
    allocations: (json.allocations as { address: string; amount: string }[]).map(({ address, amount }) => ({
      address: decodeBech32m('tally', address),
      amount: BigInt(amount),
    })),
  };
}

/** The API of a daemon. @param get `fetch`, or what stands in for it */
export function httpSource(url: string, get: typeof fetch = fetch): ChainSource {
  const ask = (path: string, accept: string) =>
    get(new URL(path, url), { headers: { accept }, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  return {
    async network() {
      const answer = await ask('/v1/network', 'application/json');
      demand(answer.ok, `GET /v1/network: ${answer.status}`);
      return answer.json();
    },
    async block(height) {
      const answer = await ask(`/v1/blocks/${height}`, 'application/octet-stream');
      if (answer.status === 404) return undefined;
      demand(answer.ok, `GET /v1/blocks/${height}: ${answer.status}`);
      return new Uint8Array(await answer.arrayBuffer());
    },
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { accounts, ...chain } = await verifyChain(httpSource(process.argv[2] ?? 'http://127.0.0.1:8141'));
    const printed = { ...chain, work: chain.work.toString(), supply: chain.supply.toString() };
    console.log(JSON.stringify({ valid: true, ...printed, accounts: accounts.size }));
  } catch (error) {
    console.error(`The chain did not verify: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
