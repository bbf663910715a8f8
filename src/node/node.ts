/**
 * A node: the chain it keeps and how it behaves towards others. Everything it touches comes in through the
 * ports, so the daemon and the simulator run the same one.
 *
 *   discovery → dialer → status → header sync → body sync ─┐
 *   gossip ──→ blocks ─────────────────────────────────────┴→ chain → mempool → mining → gossip
 *        └───→ transaction relay ────────────────────────────────────→ mempool
 */
import { Chain } from '../chain/chain.ts';
import { Mempool, type PoolUpdate } from '../chain/mempool.ts';
import { PoolJournal } from '../chain/pool-journal.ts';
import { checkPool } from '../chain/pool-validity.ts';
import { type Address, type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { SignedTransaction } from '../core/types.ts';
import { endInTurn } from '../store/ending.ts';
import type { Store } from '../store/store.ts';
import { AddressBook } from './address-book.ts';
import { BodyChecker } from './block-check.ts';
import { BlockQueue } from './block-queue.ts';
import { Blocks } from './blocks.ts';
import { BodySync } from './body-sync.ts';
import { Conduct, SCORE_LIMIT } from './conduct.ts';
import { Dialer } from './dialer.ts';
import type { NodeEvent, SyncProgress } from './events.ts';
import { answering, type Background, border, own, runInBackground } from './faults.ts';
import { HeaderSync } from './header-sync.ts';
import { Mining } from './mining.ts';
import { PeerExchange } from './peer-exchange.ts';
import { Peers, tipOf } from './peers.ts';
import { PoolKeeping } from './pool-keeping.ts';
import { PoolSync } from './pool-sync.ts';
import type { Clock, Miner, Network, PeerConnection, PeerId, Random, SignatureVerifier } from './ports.ts';
import { RecentlyConfirmed } from './recently-confirmed.ts';
import { serve } from './serve.ts';
import { STATUS_INTERVAL_MS, StatusExchange } from './status.ts';
import { Sync } from './sync.ts';
import { type SubmitOutcome, TransactionRelay } from './transaction-relay.ts';
import { Turns } from './turns.ts';
import { WorkBudgets } from './work-budget.ts';

/** Whoever asked to resolve gets an answer, though a peer keeps us waiting or the way is long. */
const RESOLVE_DEADLINE_MS = 60_000;
/** Transactions of abandoned blocks passed on in one turn: a gossip message or two. */
const RETURNED_PER_TURN = 256;

export interface NodeOptions {
  readonly definition: NetworkDefinition;
  readonly store: Store;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly verifier: SignatureVerifier;
  readonly miner: Miner;
  /** Where mined blocks' reward goes. */
  readonly minerAddress: Address;
  /** Multiaddrs to stay connected to. */
  readonly peers?: readonly string[];
  /** Notches a byte below which a transaction is not pooled. */
  readonly minFeeRate?: bigint;
  /** SSZ bytes of transactions the pool holds. */
  readonly maxPoolBytes?: number;
  /** A bug or a broken disk: the node must be stopped. */
  readonly onFailure: (error: unknown) => void;
}

export interface PeerView {
  readonly id: PeerId;
  /** What it calls itself; absent if it does not say. */
  readonly name?: string;
  readonly address: string;
  readonly direction: 'inbound' | 'outbound';
  /** Milliseconds since 1970, to be shown. */
  readonly connectedAt: number;
  /** What it last told of its chain; absent until then. */
  readonly height?: number;
  readonly tip?: BlockId;
  readonly work?: bigint;
  readonly clockOffsetMs?: number;
  readonly roundTripMs?: number;
  /** 0 is faultless, 100 refused. */
  readonly score: number;
}

/** Counts, and bytes where it says so. */
export interface NodeSizes {
  readonly peers: number;
  readonly orphans: number;
  readonly early: number;
  /** Blocks passed on whose bodies are not checked yet. */
  readonly completing: number;
  /** Those of them of which something is being fetched. */
  readonly fetching: number;
  readonly bodiesReady: number;
  readonly bodiesAsked: number;
  /** Of the bodies ready, and at most of those asked for. */
  readonly bodyBytes: number;
  /** Transactions that overtook their predecessors. */
  readonly waitingTransactions: number;
  readonly transactionsToPass: number;
  /** Gossip of transactions not looked at yet. */
  readonly transactionMessages: number;
  /** Peers whose headers are to be fetched. */
  readonly headersQueue: number;
  /** Peers whose pools are to be compared, when there is a place. */
  readonly poolsQueue: number;
}

export class Node {
  readonly definition: NetworkDefinition;
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly mining: Mining;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #peers = new Peers();
  readonly #conduct: Conduct;
  readonly #status: StatusExchange;
  readonly #sync: Sync;
  readonly #bodies: BodySync;
  readonly #queue: BlockQueue;
  readonly #blocks: Blocks;
  readonly #relay: TransactionRelay;
  readonly #poolSync: PoolSync;
  readonly #dialer: Dialer;
  readonly #exchange: PeerExchange;
  readonly #journal: PoolJournal;
  readonly #checkKept: () => Promise<void>;
  readonly #keeping: PoolKeeping;
  readonly #background: Background;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #recentlyConfirmed = new RecentlyConfirmed();
  readonly #budgets: WorkBudgets;
  #cancelStatus: (() => void) | undefined;
  #stopped = false;
  /** Nothing may touch the store any more. */
  #closed = false;

  constructor(options: NodeOptions) {
    const { clock, definition, network, random, store, verifier } = options;
    const background = runInBackground((error) => {
      // Work that was under way when the store went away comes to nothing.
      if (!this.#closed) options.onFailure(error);
    });
    const emit = (event: NodeEvent): void => this.#emit(event);
    const chain = Chain.open(definition, store);
    const { maxPoolBytes, minFeeRate } = options;
    const pool = new Mempool(chain, {
      ...(minFeeRate === undefined ? {} : { minFeeRate }),
      ...(maxPoolBytes === undefined ? {} : { maxBytes: maxPoolBytes }),
    });
    const peers = this.#peers;
    const conduct = new Conduct(network, clock, emit);
    const during = border(conduct);
    const handle = answering(network, background);
    const turns = new Turns((call) => clock.after(0, call));
    const checker = new BodyChecker(
      definition,
      verifier,
      (id) => pool.get(id) ?? this.#recentlyConfirmed.get(id),
      turns,
    );
    const addressBook = new AddressBook(store, clock);
    const queue = new BlockQueue({ chain, clock, onTurn: () => this.#keeping.later() });
    /** Each behaviour takes of these what its options name. */
    const shared = {
      definition,
      chain,
      pool,
      network,
      clock,
      random,
      handle,
      peers,
      conduct,
      checker,
      queue,
      during,
      background,
      emit,
    };

    this.definition = definition;
    this.chain = chain;
    this.pool = pool;
    this.#network = network;
    this.#clock = clock;
    this.#background = background;
    this.#queue = queue;
    this.#conduct = conduct;
    this.#budgets = new WorkBudgets(clock);
    this.#journal = PoolJournal.open(store, pool);
    this.#checkKept = () =>
      checkPool(store, definition, { verifySignatures: (checks) => verifier.verify(checks) });
    this.#keeping = new PoolKeeping({ clock, background, turns, journal: this.#journal });
    this.#status = new StatusExchange({
      ...shared,
      onStatus: (peer) => {
        this.#sync.heard(peer);
        this.#poolSync.heard(peer);
      },
      onSilence: (peer) => this.#poolSync.lost(peer),
    });
    this.#blocks = new Blocks({
      ...shared,
      onUnknownParent: (peer) => this.#sync.hint(peer),
      fresh: () => this.#relay.fresh(),
    });
    this.#bodies = new BodySync({
      ...shared,
      connect: (blocks) => this.#blocks.connectFetched(blocks),
      refuse: (id, error, from) => this.#blocks.refuse(id, error, from),
      onRest: () => this.#sync.bodiesRest(),
    });
    const headers = new HeaderSync({
      ...shared,
      onHeaders: (peer, last) => {
        peers.promised(peer, last);
        this.#bodies.wake();
      },
    });
    this.#sync = new Sync({ ...shared, headers, bodies: this.#bodies });
    this.#relay = new TransactionRelay({
      ...shared,
      verifier,
      budgets: this.#budgets,
      turns,
      keeping: this.#keeping,
      recentlyConfirmed: this.#recentlyConfirmed,
      onGap: (peer) => this.#poolSync.lost(peer),
    });
    this.#poolSync = new PoolSync({
      ...shared,
      turns,
      relay: this.#relay,
      budgets: this.#budgets,
      chainIdle: (limitMs) => this.#sync.idle(limitMs),
    });
    this.#dialer = new Dialer({
      ...shared,
      isConnected: (peer) => peers.has(peer),
      outbound: () => peers.outboundAddresses(),
      onReached: (address) => addressBook.remember(address),
      onLost: (address) => addressBook.forget(address),
    });
    this.#exchange = new PeerExchange({ ...shared, dialer: this.#dialer });
    serve({
      ...shared,
      bodyOf: (id, asker) => this.#blocks.bodyOf(id, asker),
      knownAddresses: () => this.#exchange.reachable(),
    });
    this.mining = new Mining({
      ...shared,
      miner: options.miner,
      address: options.minerAddress,
      isCatchingUp: () => chain.isMoving || this.#sync.isCatchingUp(),
      onMined: (block) => this.#blocks.mined(block),
    });
    pool.onUpdate((update) => this.#onTipChange(update));
    for (const address of options.peers ?? []) this.#dialer.add(address, 'given');
    for (const address of addressBook.all()) this.#dialer.add(address, 'remembered');
  }

  /**
   * Listens, connects, catches up. Mining begins with `mining.start()`.
   *
   * @throws StoreError if the pool on disk is not what was kept; what the network throws
   */
  async start(): Promise<void> {
    await this.#checkKept();
    if (this.#stopped) return;
    await this.#network.start({
      connected: (connection) => this.#onConnected(connection),
      disconnected: (peer, reason) => this.#onDisconnected(peer, reason),
      named: (peer, name) => this.#onNamed(peer, name),
      discovered: (_peer, addresses) => {
        for (const address of addresses) this.#dialer.add(address, 'discovered');
      },
    });
    this.#dialer.start();
    this.#askStatusLater();
    // A long move of the tip may have been under way when the last process ended.
    this.#background(own(this.#queue.add([], 'full')));
  }

  /**
   * Ends everything and keeps what is not kept yet. The store is the caller's to close.
   *
   * @throws what any part threw, once all of them have ended
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await endInTurn([
      () => this.#cancelStatus?.(),
      () => this.#dialer.stop(),
      () => this.#sync.stop(),
      () => this.#bodies.stop(),
      () => this.#blocks.stop(),
      () => this.#relay.stop(),
      () => this.#poolSync.stop(),
      () => this.#keeping.stop(),
      () => this.#status.stop(),
      // At once, for the caller may not wait for the rest; and again for what the rest changes.
      () => this.#journal.flush(),
      () => this.mining.close(),
      () => this.#network.stop(),
      () => this.#journal.flush(),
      () => this.#keeping.close(),
    ]).finally(() => {
      this.#closed = true;
    });
  }

  /** Hears of everything that happens. @returns what ends it */
  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes transactions into the pool and passes them on; resolved once the accepted ones survive a crash. */
  submit(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    return this.#relay.submit(transactions);
  }

  peers(): PeerView[] {
    return this.#peers.all().map((peer) => {
      const { connection, name, roundTripMs, status } = peer;
      const has = tipOf(peer);
      return {
        ...connection,
        ...(name === undefined ? {} : { name }),
        ...(has === undefined ? {} : { height: has.height, tip: has.tip, work: has.work }),
        ...(status === undefined ? {} : { clockOffsetMs: Math.round(status.clockOffsetMs) }),
        ...(roundTripMs === undefined ? {} : { roundTripMs }),
        score: Math.round(this.#conduct.score(connection.id)),
      };
    });
  }

  /** Connects to a multiaddr and stays connected to it. @throws OperationError if nobody of this network is there */
  async addPeer(address: string): Promise<PeerId> {
    const peer = await this.#network.dial(address);
    this.#dialer.add(address, 'given');
    return peer;
  }

  /** Asks every peer now for a chain with more work, and waits until what they have is here, a minute at most. */
  async resolve(): Promise<{ replaced: boolean; height: number; tip: BlockId }> {
    const before = this.chain.tip.id;
    const endsAtMs = this.#clock.elapsed() + RESOLVE_DEADLINE_MS;
    await Promise.all(this.#peers.all().map((peer) => this.#status.ask(peer.connection.id)));
    await this.#sync.idle(endsAtMs - this.#clock.elapsed());
    const { height, id } = this.chain.tip;
    return { replaced: id !== before, height, tip: id };
  }

  /** How much it keeps of what has limits, for whoever watches them. */
  sizes(): NodeSizes {
    return {
      peers: this.#peers.count,
      ...this.#blocks.sizes(),
      ...this.#bodies.sizes(),
      ...this.#relay.sizes(),
      headersQueue: this.#sync.queued,
      poolsQueue: this.#poolSync.waiting,
    };
  }

  syncProgress(): SyncProgress {
    return this.#sync.progress();
  }

  #onConnected(connection: PeerConnection): void {
    this.#peers.connected(connection, this.#clock.elapsed());
    this.#emit({
      event: 'peer.connected',
      peer: connection.id,
      address: connection.address,
      direction: connection.direction,
    });
    this.#background(this.#status.ask(connection.id));
    this.#background(this.#exchange.learn(connection.id));
  }

  #onNamed(id: PeerId, name: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined || peer.name === name) return;
    peer.name = name;
    this.#emit({ event: 'peer.named', peer: id, name });
  }

  #onDisconnected(peer: PeerId, reason: string): void {
    if (!this.#peers.has(peer)) return;
    this.#peers.disconnected(peer);
    this.#conduct.disconnected(peer);
    this.#relay.forget(peer);
    this.#poolSync.forget(peer);
    this.#dialer.lost(peer);
    this.#emit({ event: 'peer.disconnected', peer, reason });
    this.#sync.wake();
  }

  #onTipChange({ change, returned }: PoolUpdate): void {
    const { disconnected, newTip, oldTip } = change;
    if (disconnected.length > 0) {
      this.#emit({
        event: 'chain.reorganised',
        depth: disconnected.length,
        height: newTip.height,
        oldTip: oldTip.id,
        newTip: newTip.id,
        forkHeight: oldTip.height - disconnected.length,
        returned: returned.length,
      });
      this.#recentlyConfirmed.clear();
      this.#background(own(this.#passReturned(returned)));
    }
    if (change.isLong) this.#relay.admitAllWaiting();
    else {
      // What is fetched while catching up is old: nothing of it is under way.
      if (change.connected.length === 1 && !this.#sync.isCatchingUp()) {
        for (const connected of change.connected) this.#recentlyConfirmed.add(connected);
      }
      for (const { transactionIds } of change.connected) this.#budgets.grant(transactionIds.length);
      for (const { block } of change.connected) {
        for (const { transaction } of block.transactions)
          this.#relay.admitWaiting(idFromBytes(transaction.sender));
      }
    }
    this.mining.tipChanged();
    this.#keeping.later();
    this.#status.announceSoon(change.disconnected.length + change.connected.length > 1);
  }

  async #passReturned(ids: readonly TransactionId[]): Promise<void> {
    for (let at = 0; at < ids.length && !this.#stopped; at += RETURNED_PER_TURN) {
      if (at > 0) await new Promise<void>((resolve) => this.#clock.after(0, resolve));
      this.#relay.passReturned(ids.slice(at, at + RETURNED_PER_TURN));
    }
  }

  #askStatusLater(): void {
    this.#cancelStatus = this.#clock.after(STATUS_INTERVAL_MS, () => {
      this.#status.askRound();
      this.#askStatusLater();
    });
  }

  #emit(event: NodeEvent): void {
    if (event.event === 'transaction.accepted') this.mining.poolChanged();
    // Its connection may take a moment to end; what it sent is not checked any more.
    if (event.event === 'peer.penalised' && event.score >= SCORE_LIMIT) this.#relay.forget(event.peer);
    for (const listener of this.#listeners) listener(event);
  }
}
