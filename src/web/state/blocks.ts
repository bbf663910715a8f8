/**
 * The part of the block tree this page knows: what the view shows and what came lately. Pages of the tree come
 * from the daemon, events change them at once, and whatever an event touched is asked for again soon after.
 */
import { signal } from '@preact/signals';
import type { BlockSummaryJson } from '../../client/contract.ts';
import type { LiveEventJson } from '../../client/live-event.ts';
import { client } from './daemon.ts';

/** Heights in one page. */
const PAGE_HEIGHTS = 100;
/** Some 300 bytes each. Far more than the widest screen shows. */
const MAX_BLOCKS = 5_000;
/** A page that events touch is not asked for more often. */
const REFRESH_EVERY_MS = 1_000;
/** A reorganisation is explained for so long. */
export const REORGANISATION_SHOWN_MS = 14_000;

export interface BlockView {
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly timestampMs: number;
  readonly miner: string;
  readonly state: BlockSummaryJson['state'];
  readonly transactions?: number | undefined;
  /** SSZ bytes. */
  readonly size?: number | undefined;
  readonly latencyMs?: number | undefined;
  readonly isMinedHere?: boolean;
  /** When this page first heard of it; undefined if it asked for it. */
  readonly heardAtMs?: number | undefined;
}

export interface Reorganisation {
  readonly atMs: number;
  readonly forkHeight: number;
  /** The last block that left: what names the fork now. */
  readonly oldTip: string;
  readonly returned: number;
  /** Of the tip it led to. */
  readonly newHeight: number;
  /** Ids of the blocks that left the chain. */
  readonly left: ReadonlySet<string>;
  readonly leftCount: number;
  readonly joinedCount: number;
}

const blocks = new Map<string, BlockView>();
const idsByHeight = new Map<number, Set<string>>();
const loadedPages = new Set<number>();
const loadingPages = new Set<number>();
const touchedPages = new Set<number>();
let hasForkNews = false;
let refreshTimer: number | undefined;
let generation = 0;
/** Where somebody looks: what is far from here goes first. */
let lookedAt = 0;

/** Rises with every change of what is known. */
export const blocksVersion = signal(0);
export const tip = signal<BlockView | undefined>(undefined);
export const reorganisation = signal<Reorganisation | undefined>(undefined);
/** Rises when there may be another fork, or one has ended; no more often than pages are asked for again. */
export const forksVersion = signal(0);

export function blocksAt(height: number): BlockView[] {
  return [...(idsByHeight.get(height) ?? [])].flatMap((id) => blocks.get(id) ?? []);
}

export function blockById(id: string): BlockView | undefined {
  return blocks.get(id);
}

/** Asks for whatever of these heights is not known yet. */
export function wantHeights(from: number, to: number): void {
  lookedAt = (from + to) / 2;
  const last = pageOf(Math.min(to, tip.value?.height ?? to));
  for (let page = pageOf(Math.max(0, from)); page <= last; page++) {
    if (!loadedPages.has(page) && !loadingPages.has(page)) void loadPage(page);
  }
}

/** The newest blocks anew; all else when somebody looks. */
export async function resyncBlocks(): Promise<void> {
  generation += 1;
  loadedPages.clear();
  forksVersion.value += 1;
  const request = generation;
  const { length } = await client.value.call('chainTree', { query: { limit: 1 } });
  if (request !== generation) return;
  const newest = pageOf(length - 1);
  await Promise.all([loadPage(newest), ...(newest > 0 ? [loadPage(newest - 1)] : [])]);
  wantHeights(lookedAt - PAGE_HEIGHTS / 2, lookedAt + PAGE_HEIGHTS / 2);
}

/** It is another daemon's ledger from now on. */
export function forgetBlocks(): void {
  generation += 1;
  blocks.clear();
  idsByHeight.clear();
  loadedPages.clear();
  tip.value = undefined;
  reorganisation.value = undefined;
  changed();
}

export function takeBlockEvents(events: readonly LiveEventJson[]): void {
  let some = false;
  for (const event of events) {
    if (event.event === 'block.accepted') {
      const known = blocks.get(event.id);
      put({
        id: event.id,
        parent: event.parent,
        height: event.height,
        timestampMs: Date.parse(event.timestamp),
        miner: event.miner,
        state: event.onChain ? 'chain' : (known?.state ?? 'branch'),
        transactions: event.transactions,
        size: known?.size,
        latencyMs: event.latencyMs,
        isMinedHere: event.source === 'mined',
        heardAtMs: known === undefined ? Date.now() : known.heardAtMs,
      });
      if (event.onChain) joinChain(event.id);
      if (!event.onChain || hasRival(event.height)) hasForkNews = true;
      touchedPages.add(pageOf(event.height));
      some = true;
    } else if (event.event === 'chain.reorganised') {
      reorganise(event);
      for (let page = pageOf(event.forkHeight); page <= pageOf(event.height); page++) touchedPages.add(page);
      some = true;
    }
  }
  if (!some) return;
  changed();
  if (refreshTimer !== undefined) return;
  refreshTimer = setTimeout(refreshTouched, REFRESH_EVERY_MS);
}

function reorganise(event: LiveEventJson & { event: 'chain.reorganised' }): void {
  const left = branchFrom(event.oldTip, event.forkHeight);
  for (const block of left) put({ ...block, state: 'branch' });
  joinChain(event.newTip);
  hasForkNews = true;
  const atMs = Date.parse(event.at);
  if (Date.now() - atMs > REORGANISATION_SHOWN_MS) return;
  reorganisation.value = {
    atMs,
    forkHeight: event.forkHeight,
    oldTip: event.oldTip,
    returned: event.returned,
    left: new Set(left.map(({ id }) => id)),
    newHeight: event.height,
    leftCount: event.depth,
    joinedCount: event.height - event.forkHeight,
  };
}

/** What leads to a block of the chain is on it too, and nothing else of these heights. As far as it is known. */
function joinChain(id: string): void {
  for (let at = blocks.get(id); at !== undefined; at = blocks.get(at.parent)) {
    const others = blocksAt(at.height).filter((other) => other.state === 'chain' && other.id !== at?.id);
    if (at.id !== id && at.state === 'chain' && others.length === 0) return;
    put({ ...at, state: 'chain' });
    for (const other of others) put({ ...other, state: 'branch' });
  }
}

/** As far as it is known. */
function branchFrom(head: string, above: number): BlockView[] {
  const branch: BlockView[] = [];
  for (let at = blocks.get(head); at !== undefined && at.height > above; at = blocks.get(at.parent)) {
    branch.push(at);
  }
  return branch;
}

/** A block of this height decides what is open beside it and beside its parent. */
function hasRival(height: number): boolean {
  return [...blocksAt(height), ...blocksAt(height - 1)].some(({ state }) => state !== 'chain');
}

function refreshTouched(): void {
  refreshTimer = undefined;
  if (hasForkNews) forksVersion.value += 1;
  hasForkNews = false;
  const pages = [...touchedPages];
  touchedPages.clear();
  // While thousands of blocks are fetched only the newest matter; the others are asked for when somebody looks.
  for (const page of pages.slice(0, -2)) loadedPages.delete(page);
  for (const page of pages.slice(-2)) void loadPage(page);
}

async function loadPage(page: number): Promise<void> {
  const request = generation;
  const askedAtMs = Date.now();
  loadingPages.add(page);
  try {
    const from = page * PAGE_HEIGHTS;
    const answer = await client.value.call('chainTree', { query: { from, limit: PAGE_HEIGHTS } });
    if (request !== generation) return;
    const fresh = new Set(answer.blocks.map(({ id }) => id));
    for (let height = from; height < from + PAGE_HEIGHTS; height++) {
      for (const { id, heardAtMs } of blocksAt(height)) {
        // What came while the answer was on its way is not in it.
        if (!fresh.has(id) && (heardAtMs ?? 0) < askedAtMs) remove(id, height);
      }
    }
    for (const summary of answer.blocks) put(merged(summary));
    loadedPages.add(page);
    prune();
    changed();
  } catch {
    // The connection's own state says so; it is asked for again once it is back.
  } finally {
    loadingPages.delete(page);
  }
}

function merged(summary: BlockSummaryJson): BlockView {
  const { id, parent, height, timestamp, miner, state, transactions, size } = summary;
  const known = blocks.get(id);
  return {
    ...known,
    id,
    parent,
    height,
    miner,
    state,
    transactions,
    size,
    timestampMs: Date.parse(timestamp),
  };
}

function put(block: BlockView): void {
  blocks.set(block.id, block);
  const ids = idsByHeight.get(block.height);
  if (ids === undefined) idsByHeight.set(block.height, new Set([block.id]));
  else ids.add(block.id);
}

function remove(id: string, height: number): void {
  blocks.delete(id);
  const ids = idsByHeight.get(height);
  ids?.delete(id);
  if (ids?.size === 0) idsByHeight.delete(height);
}

/** Keeps what is near the eye and near the tip. */
function prune(): void {
  if (blocks.size <= MAX_BLOCKS) return;
  const top = tip.value?.height ?? 0;
  const far = (height: number) => Math.min(Math.abs(height - lookedAt), Math.abs(height - top));
  const heights = [...idsByHeight.keys()].sort((a, b) => far(b) - far(a));
  for (const height of heights) {
    if (blocks.size <= MAX_BLOCKS / 2) return;
    for (const { id } of blocksAt(height)) remove(id, height);
    loadedPages.delete(pageOf(height));
  }
}

function changed(): void {
  let highest: BlockView | undefined;
  for (const block of blocks.values()) {
    if (block.state === 'chain' && block.height > (highest?.height ?? -1)) highest = block;
  }
  if (highest !== tip.value) tip.value = highest;
  blocksVersion.value += 1;
}

function pageOf(height: number): number {
  return Math.floor(Math.max(0, height) / PAGE_HEIGHTS);
}
