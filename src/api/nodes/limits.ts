/** How much the page of several daemons keeps, and how long it waits for them. */
import { EVENTS_HEARTBEAT_MS } from '../../client/routes.ts';

/** One line each on the page; more is a table no user reads. */
export const MAX_NODES = 32;
/** Blocks of all daemons together: at eight of them, those of the last minutes. Some 400 bytes each. */
export const MAX_NEWS_KEPT = 1_200;
/** A daemon that hangs is told from one that is busy. */
export const CALL_TIMEOUT_MS = 5_000;
/** To begin to answer: a daemon that dials, mines or validates takes its time. */
export const ANSWER_MS = 120_000;
/** Within an answer: three heartbeats of a stream that has nothing to say. */
export const SILENCE_MS = 3 * EVENTS_HEARTBEAT_MS;
