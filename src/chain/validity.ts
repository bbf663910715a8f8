/** Checks the stored main chain again from the genesis, trusting nothing that was written. */
import { checkBody } from '../core/block.ts';
import { RuleError } from '../core/errors.ts';
import { blockId } from '../core/hashing.ts';
import { checkHeader } from '../core/header.ts';
import { type Address, type BlockId, idFromBytes } from '../core/identifiers.ts';
import { checkSignature, type SignatureCheck, signatureCheck } from '../core/signature.ts';
import { type Account, applyBlock, EMPTY_ACCOUNT, genesisState, type StateChange } from '../core/state.ts';
import { checkProofOfWork, workOfBits } from '../core/target.ts';
import type { Block } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Store, Undo } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import type { Chain } from './chain.ts';
import { Invalidity, type InvalidityCode, invalidityCode } from './invalidity.ts';
import { checkPool } from './pool-validity.ts';
import type { BlockRecord } from './records.ts';
import { checkTree } from './tree-validity.ts';

export interface VerifyOptions {
  /** A verdict for each, in the same order. */
  readonly verifySignatures: (checks: SignatureCheck[]) => Promise<boolean[]>;
  /** Resolves once others had their turn. Called after every block, and several times in a large one. */
  readonly pause: () => Promise<void>;
  /** @param length blocks of the chain, the genesis counted */
  readonly onProgress?: (checkedBlocks: number, length: number) => void;
  /** Aborted: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface Validity {
  readonly valid: boolean;
  /** The genesis counted. */
  readonly checkedBlocks: number;
  /** The first thing wrong. */
  readonly error?: { readonly height: number; readonly code: InvalidityCode; readonly message: string };
}

/** The chain may move while it is checked: so many account changes of the last blocks can be taken back, 16 MB. */
const KEPT_CHANGES = 65_536;
/** Compared without a break: 5 ms. */
const ACCOUNTS_PER_PAGE = 1_000;
/** Made ready and handed to the verifier without a break: 2 ms. */
const SIGNATURES_PER_BATCH = 256;
/** Transactions of a block gone through before others have their turn. */
const MANY_TRANSACTIONS = 256;

interface Step {
  readonly record: BlockRecord;
  readonly change: StateChange;
}

/**
 * Everything kept is looked at: the chain is replayed, its state and undo records compared, the tree, the pool and the
 * store's own rows checked. Only addresses of peers, which are hints, are not.
 */
export async function verifyChain(
  chain: Chain,
  store: Store,
  tree: BlockTree,
  options: VerifyOptions,
): Promise<Validity> {
  store.reread();
  const replay = new Replay(chain, store, options);
  try {
    await replay.toTip();
    await compareAccounts(store, replay, options.pause);
    await checkTree(chain.network, store, tree, options.pause);
    await checkPool(store, chain.network, options);
  } catch (error) {
    const code = invalidityCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    const height = (error instanceof Invalidity ? error.height : undefined) ?? replay.checkedBlocks;
    // Of damaged pages SQLite says where they are.
    const where = code === 'damaged' ? (await store.inspect()).map(({ what }) => what).slice(0, 1) : [];
    const message = [error.message, ...where].join('; ');
    return { valid: false, checkedBlocks: replay.checkedBlocks, error: { height, code, message } };
  }
  const [flaw] = await store.inspect();
  if (flaw === undefined) return { valid: true, checkedBlocks: replay.checkedBlocks };
  const { height = replay.checkedBlocks, what } = flaw;
  const error = { height, code: 'damaged', message: damaged(what).message } as const;
  return { valid: false, checkedBlocks: replay.checkedBlocks, error };
}

/** The state, built up again block by block. */
class Replay {
  readonly #chain: Chain;
  readonly #store: Store;
  readonly #options: VerifyOptions;
  /** The last block checked and the one before it. */
  #last: BlockRecord | undefined;
  #beforeLast: BlockRecord | undefined;
  /** The last steps, for when the chain moves. */
  #steps: Step[] = [];
  #keptChanges = 0;
  /** Without empty accounts, as the store keeps them. */
  readonly accounts = new Map<Address, Account>();
  /** How far the accounts kept have been compared, and how many there are up to here. */
  #comparedTo: Address | undefined;
  #compared = 0;

  constructor(chain: Chain, store: Store, options: VerifyOptions) {
    this.#chain = chain;
    this.#store = store;
    this.#options = options;
  }

  get checkedBlocks(): number {
    return this.#last === undefined ? 0 : this.#last.height + 1;
  }

  /** Whether every account kept was compared. */
  get comparedAll(): boolean {
    return this.#compared === this.accounts.size;
  }

  get compared(): number {
    return this.#compared;
  }

  /** Undefined: nothing yet, or nothing that still holds. */
  get comparedTo(): Address | undefined {
    return this.#comparedTo;
  }

  /** At the tip, and nobody is moving it. */
  isAtTip(): boolean {
    return this.#last?.id === this.#chain.tip.id && !this.#chain.isMoving;
  }

  /** The page after what was compared before agrees. */
  agreed(page: readonly (readonly [Address, Account])[]): void {
    this.#compared += page.length;
    this.#comparedTo = page.at(-1)?.[0];
  }

  async toTip(): Promise<void> {
    while (!this.isAtTip()) {
      this.#options.signal?.throwIfAborted();
      this.#stepBack();
      if (this.#last?.id !== this.#chain.tip.id) await this.#stepForward();
      this.#options.onProgress?.(this.checkedBlocks, this.#chain.tip.height + 1);
      await this.#options.pause();
    }
  }

  /** Takes back what is not on the chain any more. */
  #stepBack(): void {
    while (this.#last !== undefined && !this.#chain.isOnChain(this.#last)) {
      const step = this.#steps.pop();
      if (step === undefined) {
        this.#startOver();
        return;
      }
      this.#keptChanges -= step.change.size;
      for (const [address, { before }] of step.change) this.#set(address, before);
      this.#last = this.#chain.parentOf(step.record);
      this.#beforeLast = this.#last && this.#chain.parentOf(this.#last);
    }
  }

  #startOver(): void {
    this.#last = undefined;
    this.#beforeLast = undefined;
    this.#steps = [];
    this.#keptChanges = 0;
    this.#comparedTo = undefined;
    this.#compared = 0;
    this.accounts.clear();
  }

  async #stepForward(): Promise<void> {
    const record = this.#chain.atHeight(this.checkedBlocks);
    const block = record && this.#chain.block(record);
    if (record === undefined || block === undefined) {
      throw new Invalidity('damaged', `there is no block at height ${this.checkedBlocks}`);
    }
    if (this.#last === undefined) this.#checkGenesis(record);
    else await this.#check(record, block, this.#last);
    this.#beforeLast = this.#last;
    this.#last = record;
  }

  #checkGenesis(record: BlockRecord): void {
    const { genesisId, params } = this.#chain.network;
    if (blockId(record.sealed) !== record.id)
      throw new Invalidity('damaged', `the header of the first block is not that of ${record.id}`);
    if (record.id !== genesisId) throw new RuleError('wrong-network', `${record.id}, not ${genesisId}`);
    for (const [address, account] of genesisState(params)) this.#set(address, account);
  }

  async #check(record: BlockRecord, block: Block, last: BlockRecord): Promise<void> {
    const { params, id: network } = this.#chain.network;
    const { header } = block.sealed;
    const id = idFromBytes<BlockId>(checkProofOfWork(block.sealed));
    const row = [id, idFromBytes<BlockId>(header.parent), record.height, record.work];
    const expected = [record.id, last.id, last.height + 1, last.work + workOfBits(header.bits)];
    if (row.some((value, column) => value !== expected[column])) {
      throw new Invalidity('damaged', `block ${record.id} is not what its row says, or not where it belongs`);
    }
    checkHeader(params, header, last.sealed.header, this.#beforeLast?.sealed.header);
    checkBody(params, block);
    const isLarge = block.transactions.length >= MANY_TRANSACTIONS;
    if (isLarge) await this.#options.pause();
    for (let at = 0; at < block.transactions.length; at += SIGNATURES_PER_BATCH) {
      const batch = block.transactions.slice(at, at + SIGNATURES_PER_BATCH);
      const checks = batch.map((signed) => signatureCheck(signed, network));
      const verdicts = await this.#options.verifySignatures(checks);
      for (const [index, signed] of batch.entries()) checkSignature(signed, verdicts[index] === true);
    }
    if (isLarge) await this.#options.pause();
    const read = (address: Address) => this.accounts.get(address) ?? EMPTY_ACCOUNT;
    const change = applyBlock(params, header, block.transactions, read);
    requireUndo(this.#store.undo.get(record.number), change, record);
    for (const [address, { after }] of change) this.#set(address, after);
    this.#steps.push({ record, change });
    this.#keptChanges += change.size;
    while (this.#keptChanges > KEPT_CHANGES) this.#keptChanges -= this.#steps.shift()?.change.size ?? 0;
  }

  #set(address: Address, account: Account): void {
    const before = this.accounts.size;
    if (account.balance === 0n && account.sequence === 0n) this.accounts.delete(address);
    else this.accounts.set(address, account);
    const isCompared = this.#comparedTo !== undefined && address <= this.#comparedTo;
    if (isCompared) this.#compared += this.accounts.size - before;
  }
}

/** What would take the block back. */
function requireUndo(undo: Undo | undefined, change: StateChange, { id }: BlockRecord): void {
  const isRight =
    undo?.size === change.size &&
    [...change].every(([address, { before }]) => {
      const kept = undo.get(address);
      return kept?.balance === before.balance && kept.sequence === before.sequence;
    });
  if (!isRight)
    throw new Invalidity('damaged', `the undo record of block ${id} is not what the blocks before it make`);
}

/** Compares page by page. When the chain moves between two, both sides move; what was compared needs no second look. */
async function compareAccounts(store: Store, replay: Replay, pause: () => Promise<void>): Promise<void> {
  let after: Address | undefined;
  for (;;) {
    // Whoever had their turn since then may have moved it again.
    while (!replay.isAtTip()) await replay.toTip();
    const page = store.accounts.page(after, ACCOUNTS_PER_PAGE);
    for (const [address, account] of page) requireAccount(address, account, replay.accounts.get(address));
    const last = page.at(-1);
    if (last === undefined) break;
    replay.agreed(page);
    await pause();
    await replay.toTip();
    after = replay.comparedTo;
  }
  if (!replay.comparedAll) {
    throw new Invalidity(
      'wrong-accounts',
      `${replay.compared} accounts are kept, the blocks make ${replay.accounts.size}`,
    );
  }
}

function requireAccount(address: Address, kept: Account, expected: Account = EMPTY_ACCOUNT): void {
  if (kept.balance === expected.balance && kept.sequence === expected.sequence) return;
  throw new Invalidity(
    'wrong-accounts',
    `${address} has balance ${kept.balance} and sequence ${kept.sequence}, the blocks make ${expected.balance} and ${expected.sequence}`,
  );
}
