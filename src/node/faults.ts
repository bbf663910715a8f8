/**
 * The border between what others do and what is broken here. What a peer has caused runs inside of `during`:
 *
 *     a peer's message, ──► during(peer, what, work) ──► it broke a rule or a promise, or did not answer: that ends
 *     answer or claim                │                   here, at the price it has
 *                                    └──► anything else is a bug or a broken disk ──► background ──► the node stops
 *     a peer's question ───► answering(handler) ──► refused, or such a failure: the same
 *
 * No other place decides whose fault something was. `background` takes no work but `OwnWork`, so none can be started
 * that has neither been through `during` nor been called our own.
 */
import { UnknownParentError } from '../chain/errors.ts';
import { OutsideError, RuleError } from '../core/errors.ts';
import type { Conduct, Offence } from './conduct.ts';
import {
  type Network,
  type PeerId,
  type ProtocolName,
  RequestError,
  type RequestHandler,
  RequestRefused,
  type TopicName,
} from './ports.ts';

/** What a peer said does not agree with what it shows. */
export class BrokenPromise extends OutsideError {
  override readonly name = 'BrokenPromise';
}

/** What a peer's work is about: the protocol it was asked by, or the topic it spoke on. */
export type PeerWork = ProtocolName | TopicName;

declare const owned: unique symbol;
/** Work that no peer's fault comes out of: if it fails, that is a bug or a broken disk. */
export type OwnWork<T = unknown> = Promise<T> & { readonly [owned]: true };

/**
 * Does what a peer has caused.
 *
 * @param refused told of a broken rule before it is paid for
 * @returns undefined if the peer was at fault
 */
export type During = <T>(
  peer: PeerId,
  what: PeerWork,
  work: () => Promise<T> | T,
  refused?: (error: RuleError) => void,
) => OwnWork<T | undefined>;

/** Does work no caller waits for; if it fails, the node stops. */
export type Background = (work: OwnWork) => void;

/** Work that no peer has caused. */
export function own<T>(work: Promise<T>): OwnWork<T> {
  return work as OwnWork<T>;
}

export function border(conduct: Conduct): During {
  return (peer, what, work, refused) => own(attempt(conduct, peer, what, work, refused));
}

async function attempt<T>(
  conduct: Conduct,
  peer: PeerId,
  what: PeerWork,
  work: () => Promise<T> | T,
  refused: ((error: RuleError) => void) | undefined,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    if (error instanceof RuleError) refused?.(error);
    const offence = offenceOf(error, what);
    if (offence !== undefined) conduct.penalise(peer, offence, `${what}: ${error.message}`);
    return undefined;
  }
}

/** @param onFailure told once for each piece of work that fails */
export function runInBackground(onFailure: (error: unknown) => void): Background {
  return (work) => {
    work.catch(onFailure);
  };
}

/**
 * As the network's `handle`, for handlers whose own failures stop the node: the network tells the peer no more than
 * that it has no answer.
 */
export function answering(network: Network, background: Background): Network['handle'] {
  return (protocol, maxRequestBytes, handler) =>
    network.handle(protocol, maxRequestBytes, (request, from) => answer(handler, request, from, background));
}

async function* answer(
  handler: RequestHandler,
  request: Uint8Array,
  from: PeerId,
  background: Background,
): AsyncGenerator<Uint8Array> {
  try {
    yield* handler(request, from);
  } catch (error) {
    if (!(error instanceof RequestRefused || error instanceof OutsideError))
      background(own(Promise.reject(error)));
    throw error;
  }
}

/** What a broken rule is, by what the work was about. */
const BROKEN_RULE: Readonly<Record<PeerWork, Offence>> = {
  status: 'malformed-message',
  headers: 'invalid-header',
  blocks: 'invalid-block',
  'block-transactions': 'invalid-block',
  block: 'invalid-header',
  transactions: 'invalid-transaction',
  pool: 'malformed-message',
  addresses: 'malformed-message',
};

/** @returns undefined if it is no fault: a connection that breaks, a peer that says no, a transaction we do not want */
function offenceOf(error: OutsideError, what: PeerWork): Offence | undefined {
  if (error instanceof RuleError) return isMalformed(error) ? 'malformed-message' : BROKEN_RULE[what];
  if (error instanceof BrokenPromise || error instanceof UnknownParentError) return 'broken-promise';
  if (!(error instanceof RequestError)) return undefined;
  if (error.failure === 'timeout') return 'too-slow';
  return error.failure === 'malformed' ? 'malformed-message' : undefined;
}

/** Bytes that are not what the protocol says, whatever they were to be. */
function isMalformed({ code }: RuleError): boolean {
  return code === 'malformed-encoding' || code === 'oversized-transaction';
}
