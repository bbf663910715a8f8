/** How much of the daemon the API's callers can take up; what a request may hold stands in `client/routes.ts`. */

/** Plenty for scripts and open browser tabs; a socket costs some 30 kB. */
export const MAX_CONNECTIONS = 256;
/** To receive a whole request: 2.5 MiB in this time is a slow line; slower is a stalled one. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Live feeds open at once; leaves most connections to ordinary requests. */
export const MAX_EVENT_STREAMS = 64;
/** A feed that is this far behind is cut off: it can resume, and the daemon does not become its memory. */
export const MAX_UNSENT_BYTES = 1_024 * 1_024;
/** Signatures verified without a break while the chain is validated: some 5 ms. */
export const SIGNATURES_PER_TURN = 100;
/** Transactions turned into JSON without a break: some 3 ms. */
export const TRANSACTIONS_PER_TURN = 128;
/** Blocks looked at without a break for a part of the tree: some 3 ms. */
export const TREE_BLOCKS_PER_TURN = 64;
/** Blocks looked at for one page of forks, most of them no end of a branch: some 40 ms, in turns. */
export const MAX_FORK_STEPS = 2_000;
/** Of them without a break: some 2 ms. */
export const FORK_STEPS_PER_TURN = 64;
/** Blocks that left the chain and their transactions, looked at for one page of forks to see what had to be mined again. */
export const MAX_RETURNED_LOOKED_AT = 2_000;
/** Of an account's history, read without a break: each may be in a block of 2 MiB. Some 5 ms. */
export const HISTORY_PER_TURN = 32;
/** Read from the store and written as JSON without a break, for a receipt: some 3 ms. */
export const HEADERS_PER_TURN = 128;
/** Chain files written at once: each reads the disk as fast as its caller takes it. */
export const MAX_EXPORT_STREAMS = 4;
/** A caller that takes nothing of its chain file for so long is gone. */
export const EXPORT_STALL_MS = 60_000;
/** Faults of a request that its refusal tells: enough to see what is wrong. */
export const MAX_SCHEMA_ERRORS = 3;
