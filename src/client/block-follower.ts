/**
 * The chain as steps: blocks that come, and, when the chain turns to another branch, blocks that go. Whoever applies
 * the steps to a list has the daemon's chain.
 */
import { delayAfter, pause } from './back-off.ts';
import type { ChainNews } from './chain-news.ts';
import type { AnswerOf } from './contract.ts';
import { ApiError, ConnectionError, isPassing, ReorganisationError } from './errors.ts';
import type { ConnectionState } from './event-stream.ts';
import type { BlockJson } from './schemas.ts';
import type { CallOptions } from './transport.ts';

/** Blocks asked for at once; the daemon sends fewer if they are big. */
const PAGE_BLOCKS = 100;

/** One change of the chain. */
export type BlockStep =
  | { readonly type: 'connected'; readonly block: BlockJson }
  /** It was yielded and is no longer on the chain; the newest goes first. */
  | { readonly type: 'disconnected'; readonly block: BlockJson };

/** Which block, and where. */
export interface BlockPlace {
  readonly id: string;
  readonly height: number;
}

export interface BlocksOptions {
  /** The first height to yield. Default: 0, the genesis. */
  readonly from?: number;
  /**
   * The last block an earlier run was given: it goes on behind that. If the block is no longer on the chain, it and
   * those below it, down to `from`, are taken back first.
   */
  readonly after?: BlockPlace;
  /** A block is yielded once it has so many: 1 (default) for the tip, 6 for one that five others bury. */
  readonly confirmations?: number;
  /**
   * Whether it waits, for as long as it takes, for a daemon that does not answer at the beginning. Without, that is a
   * `ConnectionError` once the client's retries are over (ten seconds unless told otherwise). Default: false. A daemon
   * that has answered is waited for in any case.
   */
  readonly waitForDaemon?: boolean;
  /** Told whenever the connection to the daemon's live feed comes and goes. */
  readonly onConnection?: (state: ConnectionState) => void;
  /** Ends it, at once. */
  readonly signal?: AbortSignal;
}

/** What the follower asks of a daemon. */
export interface BlockSource {
  chain(from: number, limit: number, options: CallOptions): Promise<AnswerOf<'chain'>>;
  block(id: string, options: CallOptions): Promise<BlockJson>;
  news(options: BlocksOptions): ChainNews;
}

/**
 * All it remembers is the last block yielded: each block names its parent, so the way back needs no list.
 *
 * @throws RangeError if an option is none, ReorganisationError, ApiError if the daemon refuses for good,
 *   ConnectionError if none answers at the beginning
 */
export async function* followBlocks(source: BlockSource, options: BlocksOptions): AsyncGenerator<BlockStep> {
  const { from = 0, confirmations = 1, signal } = options;
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`from: ${from} is no height`);
  if (!Number.isSafeInteger(confirmations) || confirmations < 1) {
    throw new RangeError(`confirmations: ${confirmations} is not a whole number from 1 up`);
  }
  const isOver = (): boolean => signal?.aborted === true;
  const asking: CallOptions = signal === undefined ? {} : { signal };
  /** The last block yielded and not taken back. */
  let head = options.after;
  let failures = 0;
  let hasAnswered = false;
  const news = source.news(options);
  try {
    while (!isOver()) {
      try {
        const page = await source.chain(head === undefined ? from : head.height + 1, PAGE_BLOCKS, asking);
        hasAnswered = true;
        const [first] = page.blocks;
        if (head !== undefined && first?.header.parent !== head.id) {
          const block = await blockOf(source, head, asking);
          if (block.confirmations === 0) {
            const { height, parent } = block.header;
            head = height > from ? { id: parent, height: height - 1 } : undefined;
            yield { type: 'disconnected', block };
            continue;
          }
          // The chain turned back in between; if it does so all the time, the daemon is broken.
          if (first !== undefined) throw new ConnectionError('the blocks sent do not follow each other');
        }
        const newest = page.length - confirmations;
        if (first === undefined && (head?.height ?? from - 1) < newest)
          throw new ConnectionError(`the daemon says that there are ${page.length} blocks, and sends none`);
        failures = 0;
        for (const block of page.blocks) {
          if (block.header.height > newest) break;
          head = { id: block.id, height: block.header.height };
          yield { type: 'connected', block };
          if (isOver()) return;
        }
        if ((head?.height ?? from - 1) >= newest && !(await news.next())) return;
      } catch (error) {
        if (isOver()) return;
        if (!isPassing(error)) throw error;
        if (!hasAnswered && options.waitForDaemon !== true) throw neverAnswered(error);
        await pause(delayAfter(++failures, error), signal);
      }
    }
  } finally {
    await news.stop();
  }
}

/** A busy daemon is told as it says itself. */
function neverAnswered(error: ApiError | ConnectionError): Error {
  if (error instanceof ApiError) return error;
  return new ConnectionError(`${error.message}: start it, or wait for it with waitForDaemon`, {
    cause: error,
  });
}

async function blockOf(source: BlockSource, { height, id }: BlockPlace, options: CallOptions) {
  try {
    return await source.block(id, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new ReorganisationError(
      `block ${height} is not on the chain any more, and the daemon does not know ${id}: begin anew`,
      { cause: error },
    );
  }
}
