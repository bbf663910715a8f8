/**
 * Which daemon had which block when, and on which branch each stood: put together from what each of them told.
 *
 * Every block has a tone. A block takes its parent's, unless another child has that already: then a branch begins, with
 * a tone of its own. So daemons whose tips agree have one tone, and a branch keeps its tone when it wins or loses.
 */
import type { NodeBlockJson, NodeReorganisationJson } from '../../client/nodes-json.ts';

/** As many as are easily told apart. */
const TONES = 6;
/** Blocks remembered: some minutes of a network in a hurry. */
const MAX_BLOCKS = 500;
/** Changes of one daemon's tip remembered. */
const MAX_TURNS = 400;
/** Of one daemon. */
const MAX_OUTAGES = 20;
/** A tone is free again when no block of the newest heights has it. */
const TONE_RESTS_HEIGHTS = 24;

export interface Arrival {
  readonly atMs: number;
  readonly isMined: boolean;
  readonly onChain: boolean;
}

export interface SeenBlock {
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly miner: string;
  readonly tone: number;
  /** By the daemon's number; a daemon that had it before anybody watched is not there. */
  readonly arrivals: Map<number, Arrival>;
}

export interface Outage {
  readonly fromMs: number;
  readonly untilMs?: number;
}

/** From then on a daemon stood at this block. */
export interface Turn {
  readonly atMs: number;
  readonly id: string;
  /** Blocks it left behind for that. */
  readonly left: number;
}

export class Sightings {
  readonly #blocks = new Map<string, SeenBlock>();
  readonly #children = new Map<string, Set<string>>();
  readonly #outages = new Map<number, Outage[]>();
  readonly #turns = new Map<number, Turn[]>();
  readonly #reorganisations: NodeReorganisationJson[] = [];
  #top = 0;

  get blocks(): Iterable<SeenBlock> {
    return this.#blocks.values();
  }

  /** The oldest first. */
  get reorganisations(): readonly NodeReorganisationJson[] {
    return this.#reorganisations;
  }

  block(id: string): SeenBlock | undefined {
    return this.#blocks.get(id);
  }

  /** A daemon's tips, the oldest first. */
  turnsOf(node: number): readonly Turn[] {
    return this.#turns.get(node) ?? [];
  }

  tipOf(node: number): SeenBlock | undefined {
    const last = this.turnsOf(node).at(-1);
    return last === undefined ? undefined : this.#blocks.get(last.id);
  }

  takeBlock(news: NodeBlockJson): void {
    const block = this.#blocks.get(news.id) ?? this.#add(news);
    const { atMs, node, onChain, source } = news;
    if (atMs === undefined) return;
    if (!block.arrivals.has(node)) block.arrivals.set(node, { atMs, onChain, isMined: source === 'mined' });
    if (onChain) this.#turn(node, { atMs, id: news.id, left: 0 });
  }

  takeReorganisation(news: NodeReorganisationJson): void {
    this.#reorganisations.push(news);
    if (this.#reorganisations.length > MAX_TURNS) this.#reorganisations.shift();
    this.#turn(news.node, { atMs: news.atMs, id: news.newTip, left: news.depth });
  }

  /** Times in which a daemon did not answer, the oldest first; the last may go on. */
  outagesOf(node: number): readonly Outage[] {
    return this.#outages.get(node) ?? [];
  }

  /** Whether a daemon answers, since when. */
  takeState(node: number, isDown: boolean, sinceMs: number): void {
    const outages = this.#outages.get(node) ?? [];
    this.#outages.set(node, outages);
    const last = outages.at(-1);
    const isOpen = last !== undefined && last.untilMs === undefined;
    if (isDown && !isOpen) outages.push({ fromMs: sinceMs });
    if (!isDown && isOpen) outages[outages.length - 1] = { ...last, untilMs: sinceMs };
    if (outages.length > MAX_OUTAGES) outages.shift();
  }

  /** Where a daemon says it stands: counts where its events have said less. */
  takeTip(node: number, tip: string, height: number, atMs: number): void {
    const known = this.tipOf(node);
    if (known === undefined || (known.height <= height && known.id !== tip && this.#blocks.has(tip))) {
      this.#turn(node, { atMs, id: tip, left: 0 });
    }
  }

  /** Whether `ancestor` is `block` or leads to it, as far as is known. */
  leadsTo(ancestor: SeenBlock, block: SeenBlock): boolean {
    let at: SeenBlock | undefined = block;
    while (at !== undefined && at.height > ancestor.height) at = this.#blocks.get(at.parent);
    return at?.id === ancestor.id;
  }

  #turn(node: number, turn: Turn): void {
    const turns = this.#turns.get(node) ?? [];
    this.#turns.set(node, turns);
    const last = turns.at(-1);
    // The block that decides a reorganisation is told of twice.
    if (last?.id === turn.id) {
      if (turn.left > 0) turns[turns.length - 1] = { ...turn, atMs: last.atMs };
      return;
    }
    turns.push(turn);
    if (turns.length > MAX_TURNS) turns.shift();
  }

  #add({ height, id, miner, parent }: NodeBlockJson): SeenBlock {
    const block = { id, parent, height, miner, tone: this.#toneFor(parent, height), arrivals: new Map() };
    this.#blocks.set(id, block);
    const siblings = this.#children.get(parent);
    if (siblings === undefined) this.#children.set(parent, new Set([id]));
    else siblings.add(id);
    this.#top = Math.max(this.#top, height);
    if (this.#blocks.size > MAX_BLOCKS) this.#prune();
    return block;
  }

  #toneFor(parent: string, height: number): number {
    const before = this.#blocks.get(parent);
    const others = [...(this.#children.get(parent) ?? [])].flatMap((id) => this.#blocks.get(id) ?? []);
    if (others.length === 0) return before?.tone ?? this.#toneAbove(height);
    if (before !== undefined && others.every(({ tone }) => tone !== before.tone)) return before.tone;
    const taken = new Set([before?.tone]);
    for (const block of this.#blocks.values()) {
      if (block.height > this.#top - TONE_RESTS_HEIGHTS) taken.add(block.tone);
    }
    const free = Array.from({ length: TONES }, (_, tone) => tone).find((tone) => !taken.has(tone));
    return free ?? (Math.max(...others.map(({ tone }) => tone)) + 1) % TONES;
  }

  /** Of a block that comes before what is known of its branch. */
  #toneAbove(height: number): number {
    for (const block of this.#blocks.values()) if (block.height > height) return block.tone;
    return 0;
  }

  /** The lowest go: half of them at once, for this is looked through each time. */
  #prune(): void {
    const byHeight = [...this.#blocks.values()].sort((a, b) => a.height - b.height);
    for (const { id, parent } of byHeight.slice(0, MAX_BLOCKS / 2)) {
      this.#blocks.delete(id);
      this.#children.delete(parent);
    }
  }
}

/** Who had it when, the first first. */
export function inOrder(
  block: SeenBlock,
): { readonly node: number; readonly atMs: number; readonly isMined: boolean }[] {
  return [...block.arrivals]
    .map(([node, { atMs, isMined }]) => ({ node, atMs, isMined }))
    .sort((a, b) => a.atMs - b.atMs);
}
