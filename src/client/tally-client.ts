/**
 * A client of a daemon's HTTP API, typed by its contract.
 *
 *     const client = new TallyClient();
 *     const { height } = await client.call('status');
 *     const block = await client.call('block', { params: { block: 'tip' } });
 *     for await (const { type, block } of client.blocks({ from: height })) console.log(type, block.id);
 */
import { type BlockStep, type BlocksOptions, followBlocks } from './block-follower.ts';
import { type ChainFileOptions, streamChainFile } from './chain-file-stream.ts';
import { ChainNews } from './chain-news.ts';
import { type ConfirmedOptions, waitConfirmed } from './confirmation.ts';
import type {
  AnswerOf,
  BodyOf,
  LookupJson,
  ParamsOf,
  QueryOf,
  StatusJson,
  SubmitResultJson,
} from './contract.ts';
import { type EventsOptions, type LiveEvent, openEvents, resumeEvents } from './event-stream.ts';
import {
  type PaymentRequest,
  type SignedPayment,
  type Signer,
  signPaymentFor,
  submitPayment,
} from './payment.ts';
import { BATCH_MEDIA_TYPE, type RouteName, routes, TRANSACTION_MEDIA_TYPE } from './routes.ts';
import type { BlockJson } from './schemas.ts';
import { type ApiRequest, type CallOptions, type RetryOptions, Transport } from './transport.ts';

export { ApiError, ConnectionError } from './errors.ts';
export type { LiveEvent } from './event-stream.ts';

export const DEFAULT_API_URL = 'http://127.0.0.1:8141';

export interface TallyClientOptions {
  /** Default `http://127.0.0.1:8141`. */
  readonly url?: string;
  /** Of `DATA/api-token`; needed for `mine`, `mining`, `addPeers`, `chainResolve` if the API listens beyond loopback. */
  readonly token?: string;
  /** For each call, its retries included, in ms; default 15,000. */
  readonly timeoutMs?: number;
  /**
   * How calls that may safely be made twice (whatever only reads, and the submission of signed transactions) are
   * tried again when there is no connection or the daemon is busy. Default: for ten seconds, the first time
   * after 100 ms, then after twice as long each time. `false`: never.
   */
  readonly retry?: RetryOptions | false;
  /** Default the platform's. */
  readonly fetch?: typeof fetch;
}

type Part<Name extends string, T> = [T] extends [undefined]
  ? { readonly [Key in Name]?: never }
  : { readonly [Key in Name]: T };
type Query<T> = [T] extends [undefined] ? { readonly query?: never } : { readonly query?: T };

/** What a call of a route takes, besides how long it may take. */
export type CallInput<Name extends RouteName> = Part<'params', ParamsOf<Name>> &
  Query<QueryOf<Name>> &
  Part<'body', BodyOf<Name>>;

/** The arguments of `call` behind the route's name; the first may be left out where the route takes nothing. */
export type CallArguments<Name extends RouteName> =
  Record<never, never> extends CallInput<Name>
    ? [input?: CallInput<Name>, options?: CallOptions]
    : [input: CallInput<Name>, options?: CallOptions];

/** One daemon, over its HTTP API. It holds no connection and needs no closing. */
export class TallyClient {
  readonly #transport: Transport;

  /** @throws TypeError if the URL is none */
  constructor(options: TallyClientOptions = {}) {
    this.#transport = new Transport({ ...options, url: options.url ?? DEFAULT_API_URL });
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#transport.url;
  }

  /**
   * Calls one route.
   *
   * @throws ApiError if the daemon refuses, ConnectionError if there is no answer
   */
  async call<Name extends RouteName>(
    name: Name,
    ...[input, options]: CallArguments<Name>
  ): Promise<AnswerOf<Name>> {
    const { method } = routes[name];
    const body = input?.body;
    const params = input?.params as object | undefined;
    const query = input?.query as object | undefined;
    const text = await this.#transport.request(
      {
        method,
        url: this.#transport.urlOf(name, params, query),
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A transaction is applied once, however often it is submitted.
        idempotent: method === 'GET' || name === 'submit',
      },
      (response) => response.text(),
      options,
    );
    return this.#transport.parse(text) as AnswerOf<Name>;
  }

  /** What the daemon is and where it stands. */
  status(options?: CallOptions): Promise<StatusJson> {
    return this.call('status', {}, options);
  }

  /** @param block id, height or `tip` @throws ApiError `not-found` */
  block(block: string | number, options?: CallOptions): Promise<BlockJson> {
    return this.call('block', { params: { block: String(block) } }, options);
  }

  /** A transaction in the pool or on the chain. @throws ApiError `not-found` */
  transaction(id: string, options?: CallOptions): Promise<LookupJson> {
    return this.call('transaction', { params: { id } }, options);
  }

  /** Balance and sequence of an address; zero for one never seen. @param address bech32m */
  account(address: string, options?: CallOptions): Promise<AnswerOf<'account'>> {
    return this.call('account', { params: { address } }, options);
  }

  /**
   * Signs a payment without submitting it: sequence, least fee and network are asked of the daemon. Keep the result
   * where it survives a crash, then `submit` it: however often that happens, it is paid once.
   *
   * @throws RangeError if an amount or the data does not fit, TypeError if the recipient is no address
   */
  signPayment(from: Signer, payment: PaymentRequest, options?: CallOptions): Promise<SignedPayment> {
    return signPaymentFor(this, from, payment, options);
  }

  /**
   * Submits a signed payment. One the daemon has already, in its pool or on its chain, is as good as new.
   *
   * @throws ApiError with the rule's name if the daemon refuses, such as `insufficient-balance`
   */
  submit(payment: SignedPayment, options?: CallOptions): Promise<void> {
    return submitPayment(this, payment, options);
  }

  /**
   * Signs a payment and submits it.
   *
   * @returns the payment, in the daemon's pool and safe on its disk; `confirmed` waits until it is in a block
   * @throws ApiError with the rule's name if the daemon refuses, such as `insufficient-balance`
   */
  async pay(from: Signer, payment: PaymentRequest, options?: CallOptions): Promise<SignedPayment> {
    const signed = await this.signPayment(from, payment, options);
    await this.submit(signed, options);
    return signed;
  }

  /**
   * Waits until a transaction is buried; also for one the daemon does not know yet.
   *
   * @throws WaitError after `timeoutMs`, ConnectionError if no daemon answers at the beginning or the signal aborts
   */
  confirmed(id: string, options: ConfirmedOptions = {}): Promise<LookupJson> {
    return waitConfirmed(this, new ChainNews(this.#transport, options), id, options);
  }

  /**
   * The blocks of the chain, and after them every new one, until `signal` aborts. When the chain turns to another
   * branch, the blocks that are left behind come first, as `disconnected`, the newest first. It goes on over
   * restarts of the daemon and lost connections, and waits for its reader: it never holds more than one page.
   *
   * @throws ReorganisationError if it must take back a block the daemon does not know, RangeError if an option
   *   is none, ApiError if the daemon refuses for good, ConnectionError if none answers at the beginning
   */
  blocks(options: BlocksOptions = {}): AsyncGenerator<BlockStep> {
    return followBlocks(
      {
        chain: (from, limit, asking) => this.call('chain', { query: { from, limit } }, asking),
        block: (id, asking) => this.block(id, asking),
        news: (heard) => new ChainNews(this.#transport, heard),
      },
      options,
    );
  }

  /**
   * The live feed, until `signal` aborts.
   *
   * @throws ConnectionError when the connection is lost, unless it is to resume: call again with `after`
   */
  async *events(options: EventsOptions = {}): AsyncGenerator<LiveEvent> {
    if (options.resume === true) yield* resumeEvents(this.#transport, options);
    else yield* await openEvents(this.#transport, options);
  }

  /** A block's SSZ bytes. @param block id, height or `tip` */
  async blockBytes(block: string, options?: CallOptions): Promise<Uint8Array> {
    const request: ApiRequest = {
      method: 'GET',
      url: this.#transport.urlOf('block', { block }),
      headers: { accept: 'application/octet-stream' },
      idempotent: true,
    };
    const read = async (response: Response) => new Uint8Array(await response.arrayBuffer());
    return await this.#transport.request(request, read, options);
  }

  /**
   * A chain file (docs/protocol.md, "A chain in a file"), as it comes.
   *
   * @param from height of its first block
   * @throws ApiError, ConnectionError if it breaks off or nothing comes for a minute
   */
  chainFile(from: number, options: ChainFileOptions = {}): AsyncGenerator<Uint8Array> {
    return streamChainFile(this.#transport, from, options);
  }

  /** Submits one signed transaction as SSZ bytes. @returns its id */
  async submitBytes(bytes: Uint8Array<ArrayBuffer>, options?: CallOptions): Promise<string> {
    const answer = await this.#submitAs(TRANSACTION_MEDIA_TYPE, bytes, options);
    return (answer as { id: string }).id;
  }

  /**
   * Submits a batch as SSZ bytes, which the daemon takes in faster than JSON.
   *
   * @param bytes of a list of up to 1,000 signed transactions
   * @returns a result for each, in the same order
   */
  async submitBatchBytes(bytes: Uint8Array<ArrayBuffer>, options?: CallOptions): Promise<SubmitResultJson[]> {
    const answer = await this.#submitAs(BATCH_MEDIA_TYPE, bytes, options);
    return (answer as { results: SubmitResultJson[] }).results;
  }

  async #submitAs(
    mediaType: string,
    body: Uint8Array<ArrayBuffer>,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const request: ApiRequest = {
      method: 'POST',
      url: this.#transport.urlOf('submit'),
      headers: { accept: 'application/json', 'content-type': mediaType },
      body,
      idempotent: true,
    };
    const text = await this.#transport.request(request, (response) => response.text(), options);
    return this.#transport.parse(text);
  }
}
