/** Checks the stored main chain again from the genesis, trusting nothing that was written. */
import { checkBody } from '../core/block.ts';
import { type RuleCode, RuleError } from '../core/errors.ts';
import { checkHeader } from '../core/header.ts';
import { type Address, type BlockId, idFromBytes } from '../core/identifiers.ts';
import { checkSignature, type SignatureCheck, signatureCheck } from '../core/signature.ts';
import { type Account, applyBlock, EMPTY_ACCOUNT, genesisState, type StateChange } from '../core/state.ts';
import { checkProofOfWork, workOfBits } from '../core/target.ts';
import type { Block } from '../core/types.ts';
import { StoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Chain } from './chain.ts';
import type { BlockRecord } from './records.ts';

export interface VerifyOptions {
  /** A verdict for each, in the same order. */
  readonly verifySignatures: (checks: SignatureCheck[]) => Promise<boolean[]>;
  /** Resolves once others had their turn. Called after every block. */
  readonly pause: () => Promise<void>;
  /** @param length blocks of the chain, the genesis counted */
  readonly onProgress?: (checkedBlocks: number, length: number) => void;
  /** Aborted: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * - `damaged`: something stored is missing, does not decode or does not fit the rest.
 * - `wrong-accounts`: the accounts kept are not what the blocks add up to.
 */
export type InvalidityCode = RuleCode | 'damaged' | 'wrong-accounts';

export interface Validity {
  readonly valid: boolean;
  /** The genesis counted. */
  readonly checkedBlocks: number;
  /** The first thing wrong. */
  readonly error?: { readonly height: number; readonly code: InvalidityCode; readonly message: string };
}

/** The chain may move while it is checked: so many blocks can be taken back without starting over. */
const KEPT_STEPS = 256;
const ACCOUNTS_PER_PAGE = 1_000;
/** After so many comparisons the chain moved during, the next one does not pause. */
const PATIENT_COMPARISONS = 8;

class Invalidity extends Error {
  readonly code: InvalidityCode;

  constructor(code: InvalidityCode, message: string) {
    super(message);
    this.code = code;
  }
}

interface Step {
  readonly record: BlockRecord;
  readonly change: StateChange;
}

export async function verifyChain(chain: Chain, store: Store, options: VerifyOptions): Promise<Validity> {
  const replay = new Replay(chain, options);
  try {
    for (let comparison = 0; ; comparison++) {
      await replay.toTip();
      const pause = comparison < PATIENT_COMPARISONS ? options.pause : undefined;
      if (await compareAccounts(store, replay.accounts, () => replay.isAtTip(), pause)) break;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    return {
      valid: false,
      checkedBlocks: replay.checkedBlocks,
      error: { height: replay.checkedBlocks, code, message: error.message },
    };
  }
  return { valid: true, checkedBlocks: replay.checkedBlocks };
}

function codeOf(error: unknown): InvalidityCode | undefined {
  if (error instanceof RuleError || error instanceof Invalidity) return error.code;
  return error instanceof StoreError && error.failure === 'damaged' ? 'damaged' : undefined;
}

/** The state, built up again block by block. */
class Replay {
  readonly #chain: Chain;
  readonly #options: VerifyOptions;
  /** The last block checked and the one before it. */
  #last: BlockRecord | undefined;
  #beforeLast: BlockRecord | undefined;
  /** The last steps, for when the chain moves. */
  #steps: Step[] = [];
  /** Without empty accounts, as the store keeps them. */
  accounts = new Map<Address, Account>();

  constructor(chain: Chain, options: VerifyOptions) {
    this.#chain = chain;
    this.#options = options;
  }

  get checkedBlocks(): number {
    return this.#last === undefined ? 0 : this.#last.height + 1;
  }

  isAtTip(): boolean {
    return this.#last?.id === this.#chain.tip.id;
  }

  async toTip(): Promise<void> {
    while (!this.isAtTip()) {
      this.#options.signal?.throwIfAborted();
      this.#stepBack();
      await this.#stepForward();
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
      for (const [address, { before }] of step.change) this.#set(address, before);
      this.#last = this.#chain.parentOf(step.record);
      this.#beforeLast = this.#last && this.#chain.parentOf(this.#last);
    }
  }

  #startOver(): void {
    this.#last = undefined;
    this.#beforeLast = undefined;
    this.#steps = [];
    this.accounts = new Map();
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
    const verdicts = await this.#options.verifySignatures(
      block.transactions.map((signed) => signatureCheck(signed, network)),
    );
    for (const [index, signed] of block.transactions.entries()) {
      checkSignature(signed, verdicts[index] === true);
    }
    const read = (address: Address) => this.accounts.get(address) ?? EMPTY_ACCOUNT;
    const change = applyBlock(params, header, block.transactions, read);
    for (const [address, { after }] of change) this.#set(address, after);
    this.#steps.push({ record, change });
    if (this.#steps.length > KEPT_STEPS) this.#steps.shift();
  }

  #set(address: Address, account: Account): void {
    if (account.balance === 0n && account.sequence === 0n) this.accounts.delete(address);
    else this.accounts.set(address, account);
  }
}

/**
 * Compares page by page.
 *
 * @param pause between pages; undefined: none
 * @returns false if the chain moved meanwhile, so that nothing can be said
 */
async function compareAccounts(
  store: Store,
  expected: ReadonlyMap<Address, Account>,
  isAtTip: () => boolean,
  pause: (() => Promise<void>) | undefined,
): Promise<boolean> {
  let after: Address | undefined;
  let seen = 0;
  for (;;) {
    const page = store.accounts.page(after, ACCOUNTS_PER_PAGE);
    for (const [address, account] of page) requireAccount(address, account, expected.get(address));
    seen += page.length;
    after = page.at(-1)?.[0];
    if (after === undefined) break;
    await pause?.();
    if (!isAtTip()) return false;
  }
  if (seen !== expected.size) {
    throw new Invalidity('wrong-accounts', `${seen} accounts are kept, the blocks make ${expected.size}`);
  }
  return true;
}

function requireAccount(address: Address, kept: Account, expected: Account = EMPTY_ACCOUNT): void {
  if (kept.balance === expected.balance && kept.sequence === expected.sequence) return;
  throw new Invalidity(
    'wrong-accounts',
    `${address} has balance ${kept.balance} and sequence ${kept.sequence}, the blocks make ${expected.balance} and ${expected.sequence}`,
  );
}
