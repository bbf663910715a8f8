/**
 * The client of a Tallystick daemon, for Node.js and browsers: `import … from 'tallystick/client'`.
 *
 *     const client = new TallyClient({ url: 'http://127.0.0.1:8141' });
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
export type { NetworkFile } from '../core/network-file.ts';
export type { Header, SealedHeader, SignedTransaction, Transaction } from '../core/types.ts';
export { formatTally, MAX_NOTCHES, parseAmount, parseNotches, parseTally } from './amount.ts';
export type { BackOff } from './back-off.ts';
export type { BlockPlace, BlockStep, BlocksOptions } from './block-follower.ts';
export type { ChainFileOptions } from './chain-file-stream.ts';
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
export type { ForkJson, ForkSideJson } from './fork-schemas.ts';
export { KeyFile, writeEncrypted, writeUnencrypted } from './key-file.ts';
export { generateKeyPair, type KeyPair, keyPairFromSeed, type Payment, signPayment } from './keys.ts';
export type { EventJson, LiveEventJson, LiveEventType } from './live-event.ts';
export type { ScryptCost } from './passphrase-encryption.ts';
export type { PaymentRequest, SignedPayment, Signer } from './payment.ts';
export { encodeReceipt, type IdentifiedHeader, type ReadReceipt, type Receipt } from './receipt.ts';
export { RECEIPT_FAULTS, ReceiptError, type ReceiptFault } from './receipt-error.ts';
export { receiptToJson } from './receipt-json.ts';
export { decodeRecord, encodeRecord, type FileRecord } from './record.ts';
export type { RouteName } from './routes.ts';
export type { BlockJson, HeaderJson, ReceiptJson, SubmittedJson, TransactionJson } from './schemas.ts';
export {
  type CallArguments,
  type CallInput,
  DEFAULT_API_URL,
  TallyClient,
  type TallyClientOptions,
} from './tally-client.ts';
export type { CallOptions, RetryOptions } from './transport.ts';
export type { ProvenBlock, ProvenReceipt, VerifyReceiptOptions } from './verify-receipt.ts';
export { readReceipt, verifyReceipt } from './verify-receipt.ts';
export { type Mnemonic, Wallet } from './wallet.ts';
export { type AccountKind, type PublicAccount, WalletAccount } from './wallet-account.ts';
export { WalletError, type WalletErrorCode } from './wallet-error.ts';
