/** Blocks that are told in one line: those a sync fetched, and those that come faster than people read. */
import { counted, formatDuration } from '../output.ts';
import type { AcceptedBlock } from './heard-event.ts';
import type { Moment } from './line-clock.ts';

/** Less is as good as at once. */
const SHORT_MS = 100;

export class BlockRun {
  readonly first: AcceptedBlock;
  readonly began: Moment;
  last: AcceptedBlock;
  ended: Moment;
  note: string | undefined;
  /** Before the last. */
  #previous: { readonly block: AcceptedBlock; readonly at: Moment };
  /** As long as it is not, it can be taken out again. */
  #isLastCounted = false;
  #mined = 0;
  #fetched = 0;
  #arrived = 0;
  #slowestMs = 0;
  readonly #fetchedFrom = new Set<string>();
  readonly #arrivedFrom = new Set<string>();

  constructor(at: Moment, first: AcceptedBlock, note: string | undefined) {
    this.first = first;
    this.last = first;
    this.#previous = { block: first, at };
    this.began = at;
    this.ended = at;
    this.note = note;
  }

  get count(): number {
    return this.#mined + this.#fetched + this.#arrived + (this.#isLastCounted ? 0 : 1);
  }

  /** @param note what the block has to do with a fork */
  add(at: Moment, block: AcceptedBlock, note: string | undefined): void {
    // Of a branch, where it began; of the chain, what it ended last.
    this.note = block.onChain ? (note ?? this.note) : (this.note ?? note);
    this.#countLast();
    this.#previous = { block: this.last, at: this.ended };
    this.last = block;
    this.ended = at;
    this.#isLastCounted = false;
  }

  /** The last block is to be told by itself: the run ends before it. Once. */
  takeLast(): void {
    this.last = this.#previous.block;
    this.ended = this.#previous.at;
    this.note = undefined;
    this.#isLastCounted = true;
  }

  #countLast(): void {
    if (this.#isLastCounted) return;
    this.#isLastCounted = true;
    const { from, latencyMs = 0, source } = this.last;
    if (source === 'mined') this.#mined++;
    else if (source === 'sync') this.#fetched++;
    else this.#arrived++;
    if (from !== undefined) (source === 'sync' ? this.#fetchedFrom : this.#arrivedFrom).add(from);
    this.#slowestMs = Math.max(this.#slowestMs, latencyMs);
  }

  /** @param listed names some peers: `node-1, node-2 and 3 more` */
  describe(listed: (peers: ReadonlySet<string>) => string): string {
    this.#countLast();
    const from = (peers: ReadonlySet<string>): string => (peers.size === 0 ? '' : ` from ${listed(peers)}`);
    const late = this.#slowestMs === 0 ? '' : `, +${Math.round(this.#slowestMs)} ms at most`;
    const parts = [
      ...(this.#mined === 0 ? [] : [`${this.#mined} mined here`]),
      ...(this.#arrived === 0 ? [] : [`${this.#arrived}${from(this.#arrivedFrom)}${late}`]),
      ...(this.#fetched === 0
        ? []
        : [`${this.#fetched.toLocaleString('en-US')} fetched${from(this.#fetchedFrom)}`]),
    ];
    const tookMs = this.ended.elapsedMs - this.began.elapsedMs;
    const took = tookMs < SHORT_MS ? '' : ` in ${formatDuration(tookMs)}`;
    return `#${this.first.height} to #${this.last.height}   ${counted(this.count.toLocaleString('en-US'), 'block')}${took}: ${parts.join(', ')}`;
  }
}
