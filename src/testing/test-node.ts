/** One daemon of a test network. */
import pino from 'pino';
import { type Api, createApi } from '../api/server.ts';
import { generateKeyPair, type KeyPair, signPayment } from '../client/keys.ts';
import { TallyClient } from '../client/tally-client.ts';
import { after } from '../client/timers.ts';
import type { Address, BlockId, TransactionId } from '../core/identifiers.ts';
import type { Daemon } from '../daemon.ts';
import type { NodeEvent } from '../node/events.ts';
import { OperationError } from '../node/ports.ts';
import { endInTurn } from '../store/ending.ts';

const SILENT = pino({ level: 'silent' });
/** Enough for any ordinary payment at the default minimum of a notch a byte. */
const DEFAULT_FEE = 2_000n;
const DEFAULT_DEADLINE_MS = 30_000;

export interface WaitOptions {
  /** The wait fails after so long. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** A whole daemon inside your own process. */
export class TestNode {
  readonly name: string;
  readonly daemon: Daemon;
  /** The key its blocks pay to; `send` pays from it. */
  readonly key: KeyPair;
  #api: Promise<Api> | undefined;

  constructor(name: string, daemon: Daemon, key: KeyPair = generateKeyPair()) {
    this.name = name;
    this.daemon = daemon;
    this.key = key;
  }

  /** Where its blocks pay to; `formatAddress` of the client makes text of it. */
  get address(): Address {
    return this.key.address;
  }

  /**
   * A client of this node's HTTP API, for an app under test; its `url` is there for one in another language. The API
   * is started the first time, on any free port of loopback.
   */
  async client(): Promise<TallyClient> {
    this.#api ??= createApi(this.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    return new TallyClient({ url: (await this.#api).url });
  }

  /** Of its tip; 0 is the genesis. */
  get height(): number {
    return this.daemon.node.chain.tip.height;
  }

  /** The id of its newest block. */
  get tip(): BlockId {
    return this.daemon.node.chain.tip.id;
  }

  /** Notches at the tip. */
  balance(address: Address = this.address): bigint {
    return this.daemon.node.chain.account(address).balance;
  }

  /** Mines blocks now, whatever the clock says. @returns their ids, in order */
  mine(blocks = 1): Promise<BlockId[]> {
    return this.daemon.node.mining.mine(blocks);
  }

  /**
   * Pays from this node's key. Kept by this node when resolved; confirmed once somebody mines it.
   *
   * @param amount notches
   * @throws RuleError or PolicyError if this node refuses it
   */
  async send(
    recipient: Address,
    amount: bigint,
    options: { fee?: bigint; data?: Uint8Array } = {},
  ): Promise<TransactionId> {
    const { definition, pool } = this.daemon.node;
    const { id, signed } = signPayment(definition.id, this.key, {
      recipient,
      amount,
      fee: options.fee ?? DEFAULT_FEE,
      sequence: pool.pendingAccount(this.address).sequence,
      ...(options.data === undefined ? {} : { data: options.data }),
    });
    const [outcome] = await this.daemon.node.submit([signed]);
    if (outcome !== undefined && !outcome.accepted) throw outcome.error;
    return id;
  }

  /** Connects to another node, at once. */
  async connect(other: TestNode): Promise<void> {
    const [address] = other.daemon.addresses();
    if (address === undefined) throw new OperationError(`${other.name} does not listen`);
    await this.daemon.node.addPeer(address);
  }

  /**
   * Waits until `condition` holds; it is looked at now and after every event of this node.
   *
   * @param what said when the deadline passes
   */
  async until(
    condition: () => boolean,
    what: string,
    { deadlineMs = DEFAULT_DEADLINE_MS }: WaitOptions = {},
  ): Promise<void> {
    await waitUntil([this], condition, what, deadlineMs);
  }

  /** Waits until this node has seen a transaction confirmed. */
  async confirmed(id: TransactionId, options?: WaitOptions): Promise<void> {
    await this.until(
      () => this.daemon.node.chain.transaction(id) !== undefined,
      `transaction ${id} confirmed`,
      options,
    );
  }

  /** Ends the node and its API. Its ledger stays where it is in a folder. */
  async stop(): Promise<void> {
    await endInTurn([async () => (await this.#api)?.close(), () => this.daemon.stop()]);
  }
}

/** Waits until `condition` holds; it is looked at now and after every event of any of the nodes. */
export async function waitUntil(
  nodes: readonly TestNode[],
  condition: () => boolean,
  what: string,
  deadlineMs: number,
): Promise<void> {
  if (condition()) return;
  let cancel = (): void => {};
  const endings: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (_event: NodeEvent): void => {
        // After the event: whoever emits it may not be done yet.
        queueMicrotask(() => {
          if (condition()) resolve();
        });
      };
      for (const node of nodes) endings.push(node.daemon.node.subscribe(look));
      cancel = after(deadlineMs, () => {
        const views = nodes.map(
          (node) =>
            `${node.name}: height ${node.height}, tip ${node.tip.slice(0, 8)}, ${node.daemon.node.peers().length} peers`,
        );
        reject(new OperationError(`not within ${deadlineMs} ms: ${what}\n${views.join('\n')}`));
      });
    });
  } finally {
    cancel();
    for (const end of endings) end();
  }
}
