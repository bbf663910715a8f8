/**
 * Where the routes of the HTTP API are. What they take and answer stands in `contract.ts`, apart from this,
 * because building the schemas takes longer (300 ms) than a whole command of the command line may.
 */
export const routes = {
  status: { method: 'GET', url: '/v1/status' },
  network: { method: 'GET', url: '/v1/network' },
  chain: { method: 'GET', url: '/v1/chain' },
  chainTree: { method: 'GET', url: '/v1/chain/tree' },
  chainForks: { method: 'GET', url: '/v1/chain/forks' },
  chainFork: { method: 'GET', url: '/v1/chain/forks/:block' },
  chainValidity: { method: 'GET', url: '/v1/chain/validity' },
  chainExport: { method: 'GET', url: '/v1/chain/export' },
  chainResolve: { method: 'POST', url: '/v1/chain/resolve', config: { guarded: true } },
  block: { method: 'GET', url: '/v1/blocks/:block' },
  submit: { method: 'POST', url: '/v1/transactions' },
  transaction: { method: 'GET', url: '/v1/transactions/:id' },
  receipt: { method: 'GET', url: '/v1/transactions/:id/receipt' },
  account: { method: 'GET', url: '/v1/accounts/:address' },
  accountTransactions: { method: 'GET', url: '/v1/accounts/:address/transactions' },
  pool: { method: 'GET', url: '/v1/pool' },
  peers: { method: 'GET', url: '/v1/peers' },
  addPeers: { method: 'POST', url: '/v1/peers', config: { guarded: true } },
  mine: { method: 'POST', url: '/v1/mine', config: { guarded: true } },
  mining: { method: 'POST', url: '/v1/mining', config: { guarded: true } },
  events: { method: 'GET', url: '/v1/events' },
  health: { method: 'GET', url: '/health' },
} as const satisfies Record<string, Route>;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** With `:name` for each parameter in the path. */
  readonly url: string;
  /** `guarded`: it changes what the daemon does, so beyond loopback it takes the token. */
  readonly config?: { readonly guarded: true };
}

export type RouteName = keyof typeof routes;

/** A request body: sixteen addresses of 256 characters. Only submissions may be longer. */
export const MAX_BODY_BYTES = 8 * 1_024;
/** Transactions submitted in one request: checked and written in well under a second. */
export const MAX_BATCH_TRANSACTIONS = 1_000;
/** A signed transaction as SSZ bytes. */
export const TRANSACTION_MEDIA_TYPE = 'application/octet-stream';
/** A list of signed transactions as SSZ bytes. */
export const BATCH_MEDIA_TYPE = 'application/vnd.tallystick.transactions';
/** Room for `MAX_BATCH_TRANSACTIONS` of the longest, their data in hex. */
export const MAX_BATCH_BYTES = 2_560 * 1_024;
/** Blocks in one page of the chain. */
export const MAX_CHAIN_BLOCKS = 1_000;
/** Heights in one part of the tree of blocks. */
export const MAX_TREE_HEIGHTS = 200;
/** Forks in one page: each takes some thousand looks at the store if its branch is long. */
export const MAX_PAGE_FORKS = 50;
/** SSZ bytes of the blocks in one page; there is always at least one block. As JSON it is two to three times as much. */
export const MAX_CHAIN_BYTES = 2 * 1_024 * 1_024;
/** Transactions in one page of an account's history or of the pool. */
export const MAX_PAGE_TRANSACTIONS = 1_000;
/** Headers of one receipt, that of the transaction's block counted. */
export const MAX_RECEIPT_CONFIRMATIONS = 10_000;
/** So many a receipt has unless told otherwise, if there are as many. */
export const DEFAULT_RECEIPT_CONFIRMATIONS = 6;
/** Blocks one request may ask to be mined. */
export const MAX_MINE_BLOCKS = 10_000;
/** Each is dialled at once, and a dial may take ten seconds. */
export const MAX_PEERS_ADDED = 16;
/** Events kept for streams that lost their connection and resume. */
export const MAX_EVENTS_KEPT = 1_000;
/** Silence on the event stream is broken by a comment this often, so that both sides notice a dead connection. */
export const EVENTS_HEARTBEAT_MS = 15_000;
