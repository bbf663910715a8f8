/**
 * What each route of the HTTP API takes and answers. The server checks requests and writes answers by these
 * schemas, `/openapi.json` is made of them, and the client is typed by them.
 *
 * Amounts and work are decimal strings, ids and other bytes lower-case hex, addresses bech32m, times ISO
 * or, where the name ends in `Ms`, numbers of milliseconds. Heights and sequences are numbers up to 2^53 − 1.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { ForkSchema, ForksSchema } from './fork-schemas.ts';
import {
  BATCH_MEDIA_TYPE,
  DEFAULT_RECEIPT_CONFIRMATIONS,
  MAX_BATCH_TRANSACTIONS,
  MAX_CHAIN_BLOCKS,
  MAX_MINE_BLOCKS,
  MAX_PAGE_FORKS,
  MAX_PAGE_TRANSACTIONS,
  MAX_PEERS_ADDED,
  MAX_RECEIPT_CONFIRMATIONS,
  MAX_TREE_HEIGHTS,
  type RouteName,
  TRANSACTION_MEDIA_TYPE,
} from './routes.ts';
import {
  AddressText,
  Bits,
  BlockSchema,
  CLOSED,
  Count,
  Id,
  Notches,
  ReceiptSchema,
  SubmittedSchema,
  Time,
  TransactionSchema,
  Work,
} from './schemas.ts';

/** The longest multiaddr accepted as text, as on the wire. */
const MAX_MULTIADDR_LENGTH = 256;

const NetworkFileSchema = Type.Object(
  {
    name: Type.String(),
    genesisTime: Type.Integer({ description: 'ms since 1970' }),
    blockInterval: Type.Integer({ description: 'ms' }),
    halfLife: Type.Integer({ description: 'ms' }),
    initialBits: Bits,
    limitBits: Bits,
    subsidy: Notches,
    halvingInterval: Type.Integer({ description: 'blocks' }),
    maxBlockBytes: Type.Integer(),
    allocations: Type.Array(Type.Object({ address: AddressText, amount: Notches }, CLOSED)),
  },
  CLOSED,
);

const NetworkSchema = Type.Object({ id: Id, params: NetworkFileSchema }, CLOSED);

const SyncSchema = Type.Object(
  {
    state: Type.Union([Type.Literal('idle'), Type.Literal('headers'), Type.Literal('blocks')]),
    height: Count,
    targetHeight: Count,
  },
  CLOSED,
);

const MiningSchema = Type.Object(
  {
    active: Type.Boolean(),
    hashrate: Type.Number({ description: 'hashes a second over the last few seconds' }),
    threads: Count,
    waitingUntil: Type.Optional({
      ...Time,
      description: "no block can follow the tip before: it is ahead of this machine's clock",
    }),
  },
  CLOSED,
);

const StatusSchema = Type.Object(
  {
    network: Type.String(),
    networkId: Id,
    version: Type.String(),
    name: Type.Optional(Type.String({ description: 'what the daemon calls itself among its peers' })),
    peerId: Type.String(),
    addresses: Type.Array(Type.String({ description: 'multiaddr others reach this daemon at' })),
    startedAt: Time,
    runningMs: Type.Integer({ description: 'since the start, whatever became of the clock', minimum: 0 }),
    height: Count,
    tip: Id,
    work: Work,
    bits: Bits,
    difficulty: Type.Number({
      description: "how many times harder the tip's target is than the network's easiest",
    }),
    targetIntervalMs: Count,
    peers: Count,
    pool: Type.Object({ count: Count, bytes: Count, minFeeRate: Notches }, CLOSED),
    mining: MiningSchema,
    sync: SyncSchema,
  },
  CLOSED,
);
/** What a daemon is and where it stands. @interface */
export type StatusJson = Static<typeof StatusSchema>;

const ChainSchema = Type.Object(
  {
    length: Type.Integer({ description: 'blocks of the chain, the genesis counted' }),
    blocks: Type.Array(BlockSchema, {
      description:
        'from height `from` upwards; fewer than `limit` if they are big. The next page begins behind the last.',
    }),
  },
  CLOSED,
);

const BlockSummarySchema = Type.Object(
  {
    id: Id,
    parent: Id,
    height: Count,
    timestamp: Time,
    bits: Bits,
    miner: AddressText,
    work: Work,
    state: Type.Union(
      [Type.Literal('chain'), Type.Literal('branch'), Type.Literal('header'), Type.Literal('invalid')],
      { description: 'on the chain, whole but beside it, without its body here, or breaking a rule' },
    ),
    transactions: Type.Optional(Count),
    size: Type.Optional(Type.Integer({ description: 'SSZ bytes' })),
  },
  CLOSED,
);
export type BlockSummaryJson = Static<typeof BlockSummarySchema>;

const ChainTreeSchema = Type.Object(
  {
    length: Type.Integer({ description: 'blocks of the chain, the genesis counted' }),
    tip: Id,
    blocks: Type.Array(BlockSummarySchema, { description: 'in the order in which they came here' }),
  },
  CLOSED,
);

const ErrorFields = Type.Object({ code: Type.String(), message: Type.String() }, CLOSED);
export const ErrorSchema = Type.Object({ error: ErrorFields }, CLOSED);
/** The body of every refusal. @interface */
export type ErrorJson = Static<typeof ErrorSchema>;

const ValiditySchema = Type.Object(
  {
    valid: Type.Boolean(),
    checkedBlocks: Count,
    elapsedMs: Count,
    error: Type.Optional(Type.Object({ height: Count, code: Type.String(), message: Type.String() }, CLOSED)),
  },
  CLOSED,
);

const ResolveSchema = Type.Object({ replaced: Type.Boolean(), height: Count, tip: Id }, CLOSED);

const SubmitResultSchema = Type.Object(
  {
    id: Id,
    accepted: Type.Boolean(),
    known: Type.Optional(Type.Boolean({ description: 'it was in the pool already' })),
    error: Type.Optional(ErrorFields),
  },
  CLOSED,
);
/** What became of one transaction of a batch. @interface */
export type SubmitResultJson = Static<typeof SubmitResultSchema>;

/** `id` of the one, or `results` of a batch in its order. */
const SubmitAnswerSchema = Type.Object(
  { id: Type.Optional(Id), results: Type.Optional(Type.Array(SubmitResultSchema)) },
  CLOSED,
);

const BatchSchema = Type.Object(
  { transactions: Type.Array(SubmittedSchema, { minItems: 1, maxItems: MAX_BATCH_TRANSACTIONS }) },
  CLOSED,
);

const inBlock = {
  height: Count,
  blockId: Id,
  index: Type.Integer({ description: 'place in the block, from 0' }),
  timestamp: Time,
};

const LookupSchema = Type.Object(
  {
    id: Id,
    status: Type.Union([Type.Literal('pending'), Type.Literal('confirmed')]),
    confirmations: Count,
    height: Type.Optional(inBlock.height),
    blockId: Type.Optional(inBlock.blockId),
    index: Type.Optional(inBlock.index),
    timestamp: Type.Optional(inBlock.timestamp),
    transaction: TransactionSchema,
  },
  CLOSED,
);
/** A transaction in the pool or on the chain, and where. @interface */
export type LookupJson = Static<typeof LookupSchema>;

const balanceFields = { balance: Notches, sequence: Count };
const AccountSchema = Type.Object(
  {
    address: AddressText,
    ...balanceFields,
    pending: Type.Object(balanceFields, {
      ...CLOSED,
      description:
        "once the pool's transactions of this sender are applied: `sequence` is the next one to use",
    }),
  },
  CLOSED,
);

const HistorySchema = Type.Object(
  {
    transactions: Type.Array(
      Type.Object({ ...inBlock, confirmations: Count, transaction: TransactionSchema }, CLOSED),
      { description: 'newest first' },
    ),
    next: Type.Optional(Type.String({ description: '`before` of the next page; absent on the last' })),
  },
  CLOSED,
);

const PoolSchema = Type.Object(
  {
    count: Count,
    bytes: Count,
    transactions: Type.Array(TransactionSchema, { description: 'in order of arrival' }),
  },
  CLOSED,
);

const PeerSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.Optional(
      Type.String({
        description: 'what it calls itself, 32 characters at most: a claim, two may say the same',
      }),
    ),
    address: Type.String(),
    direction: Type.Union([Type.Literal('inbound'), Type.Literal('outbound')]),
    connectedAt: Time,
    height: Type.Optional(Count),
    tip: Type.Optional(Id),
    work: Type.Optional(Work),
    clockOffsetMs: Type.Optional(Type.Number({ description: 'its clock minus ours' })),
    roundTripMs: Type.Optional(Type.Number()),
    score: Type.Number(),
  },
  CLOSED,
);
/** A connected peer. @interface */
export type PeerJson = Static<typeof PeerSchema>;

const AddedPeersSchema = Type.Object(
  {
    peers: Type.Array(Type.Object({ address: Type.String(), id: Type.String() }, CLOSED)),
    failed: Type.Array(Type.Object({ address: Type.String(), message: Type.String() }, CLOSED)),
  },
  CLOSED,
);

const pageLimit = (most: number, usual = 100) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: most, default: usual }));
const Cursor = Type.String({
  pattern: '^[0-9]{1,15}\\.[0-9]{1,5}$',
  description: '`next` of the page before',
});

/** One for each route; `response` has the one successful status, errors are all `ErrorSchema`. */
export const contract = {
  status: { summary: 'What this daemon is and where it stands', response: { 200: StatusSchema } },
  network: { summary: "The network's id and parameters", response: { 200: NetworkSchema } },
  chain: {
    summary: 'Blocks of the chain, from a height upwards',
    querystring: Type.Object(
      { from: Type.Optional(Type.Integer({ ...Count, default: 0 })), limit: pageLimit(MAX_CHAIN_BLOCKS) },
      CLOSED,
    ),
    response: { 200: ChainSchema },
  },
  chainTree: {
    summary: 'Blocks from a height upwards without their transactions, those of branches too',
    description:
      'Of each height the block on the chain, and others as there are, up to 64, fewer where many heights are asked for. Without `from`: the newest.',
    querystring: Type.Object({ from: Type.Optional(Count), limit: pageLimit(MAX_TREE_HEIGHTS) }, CLOSED),
    response: { 200: ChainTreeSchema },
  },
  chainForks: {
    summary: 'Branches beside the chain and what became of them, the newest first',
    description:
      'Every block that any miner found is kept, on the chain or not. Where two have the same parent the chain forks; ' +
      'a branch beside it is named by its last block.',
    querystring: Type.Object(
      {
        before: Type.Optional(Type.Integer({ ...Count, description: '`next` of the page before' })),
        limit: pageLimit(MAX_PAGE_FORKS, 20),
      },
      CLOSED,
    ),
    response: { 200: ForksSchema },
  },
  chainFork: {
    summary: 'The fork that a block beside the chain is part of',
    description: '404 if the block is not known, or is on the chain.',
    params: Type.Object({ block: Id }, CLOSED),
    response: { 200: ForkSchema },
  },
  chainValidity: {
    summary: 'Validates the whole stored chain again: headers, work, signatures, state',
    response: { 200: ValiditySchema },
  },
  chainExport: {
    summary: 'A chain file: the blocks from a height up to the tip',
    description:
      'Described in docs/protocol.md, "A chain in a file". If it breaks off without its end, the daemon stopped or the chain ' +
      'was reorganised meanwhile.',
    produces: ['application/octet-stream'],
    querystring: Type.Object(
      { from: Type.Optional(Type.Integer({ ...Count, minimum: 1, default: 1 })) },
      CLOSED,
    ),
    response: { 200: Type.String({ format: 'binary' }) },
  },
  chainResolve: {
    summary: 'Asks all peers for a chain of more work now',
    response: { 200: ResolveSchema },
  },
  block: {
    summary: 'A block by id, height or `tip`',
    description: 'With `Accept: application/octet-stream`: its SSZ bytes.',
    produces: ['application/json', 'application/octet-stream'],
    params: Type.Object(
      {
        block: Type.String({
          pattern: '^(tip|0|[1-9][0-9]{0,14}|[0-9a-fA-F]{64})$',
          maxLength: 64,
          description: '`tip`, a height, or the 64 hex digits of an id',
        }),
      },
      CLOSED,
    ),
    response: { 200: BlockSchema },
  },
  submit: {
    summary: 'Submits one signed transaction or a batch; answered once it is safe on disk',
    description:
      `One transaction may also be SSZ bytes (\`${TRANSACTION_MEDIA_TYPE}\`), and so may a batch, as a list of ` +
      `signed transactions (\`${BATCH_MEDIA_TYPE}\`): to take those in costs less.`,
    consumes: ['application/json', TRANSACTION_MEDIA_TYPE, BATCH_MEDIA_TYPE],
    body: Type.Union([SubmittedSchema, BatchSchema]),
    response: { 202: SubmitAnswerSchema },
  },
  transaction: {
    summary: 'A transaction in the pool or on the chain',
    params: Type.Object({ id: Id }, CLOSED),
    response: { 200: LookupSchema },
  },
  receipt: {
    summary: 'Proof that a transaction is in a block, for anybody to check offline',
    description:
      'In the compact form with `Accept: application/octet-stream`. 409 `not-confirmed` while it is in no block, ' +
      '`too-few-confirmations` if fewer blocks than asked for bury it.',
    produces: ['application/json', 'application/octet-stream'],
    params: Type.Object({ id: Id }, CLOSED),
    querystring: Type.Object(
      {
        confirmations: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: MAX_RECEIPT_CONFIRMATIONS,
            description:
              "headers, that of the transaction's block counted; without it as many as there are, " +
              `up to ${DEFAULT_RECEIPT_CONFIRMATIONS}`,
          }),
        ),
      },
      CLOSED,
    ),
    response: { 200: ReceiptSchema },
  },
  account: {
    summary: 'Balance and sequence of an address; zero for one never seen',
    params: Type.Object({ address: AddressText }, CLOSED),
    response: { 200: AccountSchema },
  },
  accountTransactions: {
    summary: 'Transactions on the chain from or to an address, newest first',
    params: Type.Object({ address: AddressText }, CLOSED),
    querystring: Type.Object(
      { before: Type.Optional(Cursor), limit: pageLimit(MAX_PAGE_TRANSACTIONS) },
      CLOSED,
    ),
    response: { 200: HistorySchema },
  },
  pool: {
    summary: 'Transactions waiting to be mined',
    querystring: Type.Object(
      {
        from: Type.Optional(Type.Integer({ ...Count, default: 0, description: 'how many to leave out' })),
        limit: pageLimit(MAX_PAGE_TRANSACTIONS),
      },
      CLOSED,
    ),
    response: { 200: PoolSchema },
  },
  peers: {
    summary: 'Connected peers',
    response: { 200: Type.Object({ peers: Type.Array(PeerSchema) }, CLOSED) },
  },
  addPeers: {
    summary: 'Dials peers and remembers them',
    description: 'If none of them answers, that is an error.',
    body: Type.Object(
      {
        addresses: Type.Array(Type.String({ minLength: 1, maxLength: MAX_MULTIADDR_LENGTH }), {
          minItems: 1,
          maxItems: MAX_PEERS_ADDED,
        }),
      },
      CLOSED,
    ),
    response: { 200: AddedPeersSchema },
  },
  mine: {
    summary: 'Mines exactly this many blocks now; hanging up stops it',
    description: "The rewards go to `miner`, or without it to the daemon's own.",
    body: Type.Object(
      {
        blocks: Type.Integer({ minimum: 1, maximum: MAX_MINE_BLOCKS }),
        miner: Type.Optional(AddressText),
      },
      CLOSED,
    ),
    response: { 200: Type.Object({ ids: Type.Array(Id) }, CLOSED) },
  },
  mining: {
    summary: 'Starts or stops mining all the time, until the daemon ends',
    body: Type.Object({ active: Type.Boolean() }, CLOSED),
    response: { 200: MiningSchema },
  },
  events: {
    summary: 'Server-Sent Events: block, reorganisation, transaction, peer, sync',
    description:
      'Resumes behind `Last-Event-ID`. An event `missed` says that some in between are no longer kept.',
    produces: ['text/event-stream'],
    headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 32 })) }),
    response: { 200: Type.String() },
  },
  health: {
    summary: '200 if the chain can be read',
    response: { 200: Type.Object({ status: Type.Literal('ok') }, CLOSED) },
  },
} as const satisfies Record<RouteName, RouteSchema>;

interface RouteSchema {
  readonly summary: string;
  readonly description?: string;
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  readonly params?: TSchema;
  readonly querystring?: TSchema;
  readonly headers?: TSchema;
  readonly body?: TSchema;
  readonly response: Readonly<Record<number, TSchema>>;
}

type Contract = typeof contract;
type PartOf<Name extends RouteName, Part extends string> =
  Contract[Name] extends Readonly<Record<Part, infer Schema extends TSchema>> ? Static<Schema> : undefined;

/** What a route takes. `undefined` where it takes nothing. */
export type ParamsOf<Name extends RouteName> = PartOf<Name, 'params'>;
export type QueryOf<Name extends RouteName> = PartOf<Name, 'querystring'>;
export type BodyOf<Name extends RouteName> = PartOf<Name, 'body'>;
/** What a route answers when all went well. */
export type AnswerOf<Name extends RouteName> =
  Contract[Name]['response'] extends Readonly<Record<number, infer Schema extends TSchema>>
    ? Static<Schema>
    : never;
