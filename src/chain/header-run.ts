/** Checks headers one after the other without keeping them: for a chain that has not proven its work yet. */
import { RuleError } from '../core/errors.ts';
import { checkHeader, isEarly } from '../core/header.ts';
import { hashHeaders } from '../core/header-hashes.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import { checkProofOfWork, workOfBits } from '../core/target.ts';
import type { Header, NetworkParams, SealedHeader } from '../core/types.ts';
import { InvalidBlockError, UnknownParentError } from './errors.ts';

/** The end of a run: all the next header is checked against. */
export interface RunTip {
  readonly id: BlockId;
  readonly header: Header;
  /** Accumulated work from the genesis to here. */
  readonly work: bigint;
}

export class HeaderRun {
  readonly #params: NetworkParams;
  #grandparent: Header | undefined;
  #tip: RunTip;

  /** @param grandparent the header before the start; undefined only if the start is the genesis */
  constructor(params: NetworkParams, start: RunTip, grandparent: Header | undefined) {
    this.#params = params;
    this.#tip = start;
    this.#grandparent = grandparent;
  }

  get tip(): RunTip {
    return this.#tip;
  }

  /**
   * Checks proof of work and all a header must keep after its parent.
   *
   * @param root the id's 32 bytes, if it has been hashed already
   * @throws UnknownParentError if it does not follow the tip; RuleError `invalid-proof-of-work`;
   *   InvalidBlockError `wrong-height`, `timestamp-not-after-parent`, `wrong-bits`. The run stays as it was.
   */
  append(sealed: SealedHeader, root?: Uint8Array): void {
    const { header } = sealed;
    const parent = idFromBytes<BlockId>(header.parent);
    if (parent !== this.#tip.id) throw new UnknownParentError(parent);
    const id = idFromBytes<BlockId>(checkProofOfWork(sealed, root));
    try {
      checkHeader(this.#params, header, this.#tip.header, this.#grandparent);
    } catch (error) {
      if (error instanceof RuleError) throw new InvalidBlockError(id, error);
      throw error;
    }
    this.#grandparent = this.#tip.header;
    this.#tip = { id, header, work: this.#tip.work + workOfBits(header.bits) };
  }

  /**
   * Appends them in order, up to one that is early.
   *
   * @param nowMs milliseconds since 1970
   * @returns how many were appended
   * @throws as `append` does
   */
  extend(headers: readonly SealedHeader[], nowMs: number): number {
    const roots = hashHeaders(headers);
    for (const [index, sealed] of headers.entries()) {
      if (isEarly(sealed.header, nowMs)) return index;
      this.append(sealed, partOf(roots, index));
    }
    return headers.length;
  }
}
