/**
 * What the peers are called in a log: by the name each says, by the end of its id if it says none, by both where two say
 * the same. A name is a claim: a peer that takes another's must not pass for it.
 */
import { printable } from '../printable.ts';

/** More than there are connections; the oldest goes first. */
const MAX_NAMES = 1_000;
/** A name column no wider than this: a long one moves the rest of its line. */
const MAX_COLUMN = 16;

export class PeerNames {
  readonly #own: string | undefined;
  readonly #names = new Map<string, string>();
  /** Peers that are gone keep their name, for lines about what they sent; it casts no doubt on another peer's. */
  readonly #gone = new Set<string>();
  #column: number;

  /** @param own what this daemon is called itself */
  constructor(own: string | undefined) {
    this.#own = own;
    this.#column = Math.min(MAX_COLUMN, (own ?? '').length);
  }

  /** Characters that names take in a column. */
  get column(): number {
    return this.#column;
  }

  learn(peer: string, name: string): void {
    this.#names.delete(peer);
    this.#names.set(peer, printable(name));
    this.#gone.delete(peer);
    this.#column = Math.min(MAX_COLUMN, Math.max(this.#column, name.length));
    if (this.#names.size <= MAX_NAMES) return;
    // Never that of one who is here, whose name another would then have for itself.
    const [oldest] = this.#gone.size > 0 ? this.#gone : this.#names.keys();
    if (oldest === undefined) return;
    this.#names.delete(oldest);
    this.#gone.delete(oldest);
  }

  left(peer: string): void {
    if (this.#names.has(peer)) this.#gone.add(peer);
  }

  readonly of = (peer: string): string => {
    const name = this.#names.get(peer);
    const end = `…${printable(peer.slice(-6))}`;
    if (name === undefined) return end;
    return this.#isClaimedTwice(name, peer) ? `${name}${end}` : name;
  };

  #isClaimedTwice(name: string, peer: string): boolean {
    const look = lookOf(name);
    if (this.#own !== undefined && look === lookOf(this.#own)) return true;
    for (const [other, claimed] of this.#names) {
      if (other !== peer && !this.#gone.has(other) && lookOf(claimed) === look) return true;
    }
    return false;
  }
}

/** Names that people take for the same are the same: letters of another width, another case. */
function lookOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
