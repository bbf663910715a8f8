/**
 * The client of a Tallystick daemon, for Node.js and browsers: `import … from 'tallystick/client'`.
 *
 *     const client = new TallyClient({ url: 'http://127.0.0.1:8141' });
 *     const key = generateKeyPair();
 *     for await (const { type, block } of client.blocks()) console.log(type, block.header.height, block.id);
 *
 * Amounts are notches, as `bigint` where a function takes them and as decimal strings where the daemon answers;
 * 1 tally is 1,000,000 notches. Ids are 64 hex digits, addresses as text are bech32m.
 *
 * @module
 */
export { formatAddress, parseAddress } from '../core/address.ts';
export type { RuleCode } from '../core/errors.ts';
export type { Address, BlockId, NetworkId, TransactionId } from '../core/identifiers.ts';
export type { SignedTransaction, Transaction } from '../core/types.ts';
export { formatTally, MAX_NOTCHES, parseNotches, parseTally } from './amount.ts';
export type { BackOff } from './back-off.ts';
export type { BlockPlace, BlockStep, BlocksOptions } from './block-follower.ts';
export type { ConfirmedOptions } from './confirmation.ts';
export type {
  AnswerOf,
  BodyOf,
  ErrorJson,
  LookupJson,
  ParamsOf,
  PeerJson,
  QueryOf,
  StatusJson,
  SubmitResultJson,
} from './contract.ts';
export { ApiError, ConnectionError, ReorganisationError, WaitError } from './errors.ts';
export type { ConnectionState, EventsOptions, LiveEvent } from './event-stream.ts';
export { generateKeyPair, type KeyPair, keyPairFromSeed, type Payment, signPayment } from './keys.ts';
export type { EventJson, LiveEventJson, LiveEventType } from './live-event.ts';
export type { PaymentRequest, SignedPayment } from './payment.ts';
export type { RouteName } from './routes.ts';
export type { BlockJson, HeaderJson, SubmittedJson, TransactionJson } from './schemas.ts';
export {
  type CallArguments,
  type CallInput,
  DEFAULT_API_URL,
  TallyClient,
  type TallyClientOptions,
} from './tally-client.ts';
export type { CallOptions, RetryOptions } from './transport.ts';
