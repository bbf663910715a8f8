/**
 * How much of the daemon the API's callers can take up, in step with docs/limits.md; what a request may hold stands in
 * `client/routes.ts`. Strangers are all callers but programs of this machine and those that hold the token.
 */

/** Plenty for scripts and open browser tabs; a socket costs some 30 kB. */
export const MAX_CONNECTIONS = 256;
/** The rest is for the daemon's own callers, whatever strangers do. */
export const MAX_CONNECTIONS_OF_STRANGERS = 192;
/** Five browsers, or an office behind one address. */
export const MAX_CONNECTIONS_OF_ADDRESS = 32;
/** Requests sent before the first is answered: clients that do so at all send two, this is for the moment between. */
export const MAX_PIPELINED = 4;
/** To receive a head, of 16 KiB at most. */
export const HEAD_TIMEOUT_MS = 10_000;
/** To receive a whole request: 2.5 MiB in this time is a slow line; slower is a stalled one. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Without so many bytes of a body for so long, the rest will not come: 50 bytes a second are no line. */
export const LEAST_BODY_BYTES = 256;
export const BODY_STALL_MS = 5_000;
/** A caller that takes nothing of its answer for so long is gone. */
export const ANSWER_STALL_MS = 15_000;
/** Where others want its place, an answer that is not read is given up sooner. */
export const YIELD_MS = 2_000;
/** Connections and answers are looked at this often for whether they get on. */
export const SWEEP_MS = 500;
/** Written for all callers and not taken yet; beyond, the caller with most is cut off. */
export const MAX_UNREAD_BYTES = 32 * 1_024 * 1_024;
/** A longer answer is handed over in pieces, so that it is seen to get on, and is not copied whole for a slow line. */
export const PIECE_BYTES = 64 * 1_024;

/** Long answers made at once: each holds a megabyte or two, and takes turns of some milliseconds. */
export const MAX_ANSWERS = 24;
export const MAX_ANSWERS_OF_STRANGERS = 16;
export const MAX_ANSWERS_OF_ADDRESS = 4;
/** Chain files written at once: each reads the disk as fast as its caller takes it. */
export const MAX_EXPORT_STREAMS = 4;
export const MAX_EXPORT_STREAMS_OF_STRANGERS = 2;
export const MAX_EXPORT_STREAMS_OF_ADDRESS = 1;
/** Submissions at once, each a signature to check and a write to disk: what comes together is done together. */
export const MAX_SUBMISSIONS = 128;
export const MAX_SUBMISSIONS_OF_STRANGERS = 64;
export const MAX_SUBMISSIONS_OF_ADDRESS = 16;
/** Submissions with a long body: 2.5 MiB each, while it comes and until it is answered. */
export const MAX_BATCHES = 16;
export const MAX_BATCHES_OF_STRANGERS = 8;
export const MAX_BATCHES_OF_ADDRESS = 2;
/** Live feeds open at once; leaves most connections to ordinary requests. */
export const MAX_EVENT_STREAMS = 64;
export const MAX_EVENT_STREAMS_OF_STRANGERS = 48;
/** A tab each, in two browsers. */
export const MAX_EVENT_STREAMS_OF_ADDRESS = 16;
/** A feed that is this far behind is cut off: it can resume, and the daemon does not become its memory. */
export const MAX_UNSENT_BYTES = 1_024 * 1_024;

/** Between two pieces of work for strangers, all of them together: at most half of the event loop's time. */
export const STRANGERS_TURN_MS = 10;
/** After a validation for strangers they are told its result for so many times as long as it took. */
export const VALIDITY_REST = 9;
/** Signatures verified without a break while the chain is validated: some 5 ms. */
export const SIGNATURES_PER_TURN = 100;
/** Transactions turned into JSON, or read from it, without a break: some 3 ms. */
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
/** Of a submission: to read so much takes half a millisecond; a longer one gets turns of its own. */
export const LONG_BODY_BYTES = 16 * 1_024;
/** Signs that part a JSON body, for each transaction there may be: seventeen are needed. Keeps bodies flat and few-fielded. */
export const JSON_MARKS_PER_TRANSACTION = 20;
/** Of one object in a request: more than any has; a schema would name the unknown ones one by one. */
export const MAX_FIELDS = 32;
/** Faults of a request that its refusal tells: enough to see what is wrong. */
export const MAX_SCHEMA_ERRORS = 3;
