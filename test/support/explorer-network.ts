/** Daemons with a life of their own to look at: payments, records, a fork. Everybody mines when told to. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { transactionToJson } from '../../src/client/json.ts';
import { generateKeyPair, type KeyPair, keyPairFromSeed, signPayment } from '../../src/client/keys.ts';
import type { TallyClient } from '../../src/client/tally-client.ts';
import type { Address, NetworkId } from '../../src/core/identifiers.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import type { NetworkParams } from '../../src/core/types.ts';
import { testNetwork } from './ledger.ts';
import { type TallyProcess, TallyProcesses } from './tally-process.ts';

/** Notches: enough for every payment of a test. */
const ALLOCATION = 1_000_000_000_000n;
const FEE = 2_000n;
/** Far longer than a block takes from one daemon to the next. */
const DEADLINE_MS = 25_000;

export const PAYER: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(7));

export class ExplorerNetwork {
  readonly #processes: TallyProcesses;
  readonly #file: string;
  readonly #id: NetworkId;
  readonly #sequences = new Map<Address, bigint>();
  #started = 0;

  private constructor(processes: TallyProcesses, file: string, id: NetworkId) {
    this.#processes = processes;
    this.#file = file;
    this.#id = id;
  }

  /**
   * @param name of the network, so that none finds another's daemons
   * @param bits of the target of every block; default: two hashes find one
   * @param others parameters of the network that differ from the tests' usual ones
   */
  static async create(
    name: string,
    maxBlockBytes = 1_048_576,
    bits?: number,
    others: Partial<NetworkParams> = {},
  ): Promise<ExplorerNetwork> {
    const processes = await TallyProcesses.create();
    const { id, params } = testNetwork({
      name: Buffer.from(name),
      maxBlockBytes,
      ...(bits === undefined ? {} : { initialBits: bits, limitBits: bits }),
      allocations: [{ address: Buffer.from(PAYER.address, 'hex'), amount: ALLOCATION }],
      ...others,
    });
    const file = join(processes.folder, 'network.json');
    await writeFile(file, JSON.stringify(formatNetworkFile(params)));
    return new ExplorerNetwork(processes, file, id);
  }

  get folder(): string {
    return this.#processes.folder;
  }

  /** One more daemon, with a ledger of its own, connected to those named. */
  async start(
    peers: readonly TallyProcess[] = [],
    options: { readonly data?: string; readonly apiPort?: number; readonly more?: readonly string[] } = {},
  ): Promise<TallyProcess> {
    const addresses = await Promise.all(peers.map(addressOf));
    return await this.#processes.start({
      network: this.#file,
      peers: addresses,
      data: join(this.folder, `node-${this.#started++}`),
      ...options,
    });
  }

  /** Pays in one batch, and hands the transactions to this daemon. @returns their ids */
  async pay(
    daemon: TallyProcess,
    count: number,
    options: {
      readonly to?: Address;
      readonly data?: Uint8Array;
      readonly amount?: bigint;
      readonly fee?: bigint;
    } = {},
  ): Promise<string[]> {
    const signed = Array.from({ length: count }, (_, index) => {
      const sequence = this.#sequences.get(PAYER.address) ?? 0n;
      this.#sequences.set(PAYER.address, sequence + 1n);
      return signPayment(this.#id, PAYER, {
        recipient: options.to ?? generateKeyPair().address,
        sequence,
        amount: options.amount ?? 1_250_000n + BigInt(index * 137_731),
        fee: options.fee ?? FEE + BigInt((index * 37) % 900),
        ...(options.data === undefined ? {} : { data: options.data }),
      });
    });
    for (let at = 0; at < signed.length; at += 500) {
      const transactions = signed
        .slice(at, at + 500)
        .map(({ id, signed: one }) => transactionToJson(id, one));
      const { results } = await daemon.client.call('submit', { body: { transactions } });
      const refused = results?.find(({ accepted }) => !accepted);
      if (refused !== undefined) throw new Error(`a payment was refused: ${refused.error?.message}`);
    }
    return signed.map(({ id }) => id);
  }

  /** Records the fingerprint of these bytes, as `tally record` does. @returns the transaction's id */
  async record(daemon: TallyProcess, content: Uint8Array, note: string): Promise<string> {
    const digest = createHash('sha256').update(content).digest();
    const data = Buffer.concat([Buffer.from([0x12, 0x20]), digest, Buffer.from(note)]);
    const [id = ''] = await this.pay(daemon, 1, { to: PAYER.address, data, fee: FEE });
    return id;
  }

  async close(): Promise<void> {
    await this.#processes.close();
  }
}

export async function mine(daemon: TallyProcess, blocks = 1): Promise<string[]> {
  const { ids } = await daemon.client.call('mine', { body: { blocks } });
  return ids;
}

/** Connects two daemons. */
export async function connect(from: TallyProcess, to: TallyProcess): Promise<void> {
  await from.client.call('addPeers', { body: { addresses: [await addressOf(to)] } });
}

/** Resolves once this block is a daemon's tip. */
export async function hasTip(client: TallyClient, id: string): Promise<void> {
  const { startedAt } = await client.call('status');
  const isThere = async () => (await client.call('status')).tip === id;
  if (await isThere()) return;
  // From the first event still kept: none can slip between the look and the stream.
  const after = String(Date.parse(startedAt) - 1);
  for await (const { type } of client.events({ after, signal: AbortSignal.timeout(DEADLINE_MS) })) {
    if (type !== 'transaction' && (await isThere())) return;
  }
  throw new Error(`block ${id} did not become the tip in time`);
}

/** A ledger's folder whose daemon knows nobody any more, so that it starts on its own. Stopped, of course. */
export function forgetPeers(data: string): void {
  const ledger = new DatabaseSync(join(data, 'ledger.sqlite'));
  ledger.exec('DELETE FROM peers');
  ledger.close();
}

async function addressOf(daemon: TallyProcess): Promise<string> {
  const [address] = (await daemon.started).addresses;
  if (address === undefined) throw new Error('the daemon listens nowhere');
  return address;
}
