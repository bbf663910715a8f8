/**
 * Takes the blocks of a chain file into a chain, by the rules and the checks blocks from peers pass. What is here
 * already is passed over; the signatures of some blocks are verified while those before them are connected.
 */
import type { AddResult } from '../chain/add-result.ts';
import type { Chain } from '../chain/chain.ts';
import { InvalidBlockError } from '../chain/errors.ts';
import type { CheckedBlock } from '../chain/records.ts';
import { ChainFileError, type ChainFilePart, ChainFileReader } from '../core/chain-file.ts';
import { decodeBlock } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { hashHeaders } from '../core/header-hashes.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import { checkProofOfWork } from '../core/target.ts';
import type { Block } from '../core/types.ts';
import { BodyChecker } from './block-check.ts';
import { OperationError, type SignatureVerifier } from './ports.ts';
import { Turns } from './turns.ts';

/** Connected in one commit; two such batches are in memory at once. */
const BATCH_BLOCKS = 128;
const BATCH_BYTES = 256 * 1_024;

export interface ChainImportOptions {
  readonly chain: Chain;
  readonly verifier: SignatureVerifier;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told after each batch. @param bytes of the file gone through */
  readonly onProgress?: (bytes: number, height: number) => void;
}

export interface ChainImported {
  /** Blocks of the file. */
  readonly blocks: number;
  /** Those that were not here before. */
  readonly added: number;
}

/** The block at which a file is not to be trusted any further. Those before it are kept. */
export class ImportRefusedError extends Error {
  override readonly name = 'ImportRefusedError';
  readonly height: number;

  constructor(height: number, reason: string, options?: ErrorOptions) {
    super(`block #${height}: ${reason}`, options);
    this.height = height;
  }
}

type BlockPart = Extract<ChainFilePart, { kind: 'block' }>;

interface Batch {
  readonly parts: readonly BlockPart[];
  /** Of the first. */
  readonly height: number;
  /** The block of the file before the first. */
  readonly before: BlockId | undefined;
}

/** Those that passed, up to the first that did not. */
interface CheckedBatch extends Batch {
  readonly checked: readonly CheckedBlock[];
  readonly refused: ImportRefusedError | undefined;
}

/**
 * @param file its bytes, from its beginning
 * @throws ImportRefusedError at the first block that is damaged, breaks a rule or does not follow; OperationError
 *   if it is no chain file or another network's
 */
export async function importChain(
  file: AsyncIterable<Uint8Array>,
  options: ChainImportOptions,
): Promise<ChainImported> {
  return new ChainImport(options).run(file);
}

class ChainImport {
  readonly #options: ChainImportOptions;
  readonly #checker: BodyChecker;
  readonly #reader: ChainFileReader;
  #parts: BlockPart[] = [];
  #bytes = 0;
  #hasStarted = false;
  /** Of the last block read; a file begins behind the genesis unless its first block says otherwise. */
  #height = 0;
  #last: BlockId | undefined;
  #blocks = 0;
  #added = 0;
  /** The last block before `#parts`. */
  #before: BlockId | undefined;
  #checking: Promise<CheckedBatch> | undefined;

  constructor(options: ChainImportOptions) {
    const { network } = options.chain;
    this.#options = options;
    // Nobody else waits for the event loop.
    const turns = new Turns((call) => call());
    this.#checker = new BodyChecker(network, options.verifier, () => undefined, turns);
    this.#reader = new ChainFileReader(network.params.maxBlockBytes);
  }

  async run(file: AsyncIterable<Uint8Array>): Promise<ChainImported> {
    let damage: ImportRefusedError | OperationError | undefined;
    try {
      for await (const chunk of file) {
        for (const part of this.#reader.read(chunk)) await this.#take(part);
      }
      this.#reader.finish();
    } catch (error) {
      if (!(error instanceof ChainFileError)) throw error;
      damage = this.#hasStarted
        ? new ImportRefusedError(this.#height + 1, error.message, { cause: error })
        : new OperationError(error.message, { cause: error });
    }
    // What came whole before it is kept, and may be refused earlier.
    await this.#flush();
    await this.#connect(this.#checking);
    if (damage !== undefined) throw damage;
    return { blocks: this.#blocks, added: this.#added };
  }

  async #take(part: ChainFilePart): Promise<void> {
    if (part.kind === 'block') return this.#takeBlock(part);
    if (part.kind === 'end') return this.#requireLast(part.tip);
    this.#hasStarted = true;
    const { id, name } = this.#options.chain.network;
    if (part.network === id) return;
    throw new OperationError(
      `the file holds the chain of another network (${part.network}), not of ${name} (${id}): name its network with --network`,
    );
  }

  async #takeBlock(part: BlockPart): Promise<void> {
    const known = this.#options.chain.byId(part.id);
    if (known?.status === 'body') {
      await this.#flush();
      this.#height = known.height;
      if (this.#blocks % BATCH_BLOCKS === 0) this.#tell(part.endsAt);
    } else {
      if (this.#blocks === 0) this.#height = this.#heightBefore(part);
      this.#parts.push(part);
      this.#bytes += part.bytes.length;
      this.#height++;
    }
    this.#blocks++;
    this.#last = part.id;
    if (this.#parts.length === 0) this.#before = part.id;
    if (this.#parts.length >= BATCH_BLOCKS || this.#bytes >= BATCH_BYTES) await this.#flush();
  }

  /** A file may begin anywhere, so long as its first block follows one that is here. */
  #heightBefore({ bytes }: BlockPart): number {
    try {
      const { header } = decodeBlock(bytes, this.#options.chain.network.params).sealed;
      const parent = this.#options.chain.byId(idFromBytes<BlockId>(header.parent));
      return parent?.height ?? Number(header.height) - 1;
    } catch (error) {
      if (error instanceof RuleError) return 0;
      throw error;
    }
  }

  /** An end that names another block than the last was put there by damage. */
  #requireLast(tip: BlockId): void {
    const found = this.#last ?? (this.#options.chain.byId(tip) && tip);
    if (found !== tip) throw new ChainFileError(`the file ends here, but names ${tip} as its last block`);
  }

  /** Has what was read checked; meanwhile connects what was checked before. @throws what is wrong with that */
  async #flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    const height = this.#height + 1 - this.#parts.length;
    const checking = this.#check({ parts: this.#parts, height, before: this.#before });
    // Whoever awaits it hears of it.
    checking.catch(() => {});
    this.#before = this.#last;
    this.#parts = [];
    this.#bytes = 0;
    const checked = this.#checking;
    this.#checking = checking;
    await this.#connect(checked);
  }

  async #check(batch: Batch): Promise<CheckedBatch> {
    const decoded: Block[] = [];
    let refused: ImportRefusedError | undefined;
    const refuse = (index: number, error: unknown): void => {
      if (!(error instanceof RuleError || error instanceof ChainFileError)) throw error;
      if (refused !== undefined && refused.height <= batch.height + index) return;
      refused = new ImportRefusedError(batch.height + index, error.message, { cause: error });
    };
    const { params } = this.#options.chain.network;
    for (const [index, { bytes }] of batch.parts.entries()) {
      try {
        decoded.push(decodeBlock(bytes, params));
      } catch (error) {
        refuse(index, error);
        break;
      }
    }
    const roots = hashHeaders(decoded.map(({ sealed }) => sealed));
    const checks = decoded.map(async (block, index) => {
      try {
        const root = partOf(roots, index);
        const id = requireId(batch.parts[index]?.id, root);
        requireParent(block, index === 0 ? batch.before : batch.parts[index - 1]?.id);
        checkProofOfWork(block.sealed, root);
        const verdict = await this.#checker.checkBlock(id, block);
        if ('error' in verdict) throw verdict.error;
        return verdict.checked;
      } catch (error) {
        refuse(index, error);
        return undefined;
      }
    });
    const verdicts = await Promise.all(checks);
    const first = verdicts.indexOf(undefined);
    const checked = verdicts.slice(0, first === -1 ? undefined : first).filter((one) => one !== undefined);
    return { ...batch, checked, refused };
  }

  async #connect(checking: Promise<CheckedBatch> | undefined): Promise<void> {
    if (checking === undefined) return;
    const { checked, height, parts, refused } = await checking;
    const results = this.#add(checked, height);
    this.#added += results.filter(({ kind }) => kind === 'connected' || kind === 'stored').length;
    const at = results.findIndex(({ kind }) => kind === 'orphan' || kind === 'early');
    const kind = results[at]?.kind;
    if (kind === 'orphan')
      throw new ImportRefusedError(
        height + at,
        'the block before it is not here: import a file that begins earlier first',
      );
    if (kind === 'early')
      throw new ImportRefusedError(height + at, "it is ahead of this machine's clock: check the clock");
    if (refused !== undefined) throw refused;
    this.#tell(parts.at(-1)?.endsAt ?? 0);
  }

  /** @throws ImportRefusedError at the block that breaks a rule */
  #add(blocks: readonly CheckedBlock[], height: number): AddResult[] {
    const { chain, now } = this.#options;
    try {
      const adding = chain.adding(blocks, now(), 'bulk');
      for (;;) {
        const { done, value } = adding.next();
        if (done === true) return value;
      }
    } catch (error) {
      if (!(error instanceof InvalidBlockError)) throw error;
      const at = blocks.findIndex(({ id }) => id === error.block);
      this.#added += error.results.length;
      throw new ImportRefusedError(height + Math.max(at, 0), error.message, { cause: error });
    }
  }

  #tell(bytes: number): void {
    this.#options.onProgress?.(bytes, this.#options.chain.tip.height);
  }
}

/** @throws ChainFileError if the block is not the one announced */
function requireId(announced: BlockId | undefined, root: Uint8Array): BlockId {
  const id = idFromBytes<BlockId>(root);
  if (id !== announced)
    throw new ChainFileError(`it is damaged: its id is ${id}, announced was ${announced}`);
  return id;
}

/** @param before the file's block before it; undefined for the first */
function requireParent({ sealed }: Block, before: BlockId | undefined): void {
  const parent = idFromBytes<BlockId>(sealed.header.parent);
  if (before !== undefined && parent !== before)
    throw new ChainFileError(`it does not follow the block before it in the file, but ${parent}`);
}
