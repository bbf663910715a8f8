/** The values of the ledger as JSON: what several routes take or answer. */
import { type Static, Type } from 'typebox';
import { ADDRESS_TEXT_LENGTH } from '../core/address.ts';
import { BRANCH_NODES } from '../core/branch.ts';
import { MAX_DATA_BYTES, MAX_EXTRA_BYTES } from '../core/types.ts';
import { MAX_BURYING_HEADERS, RECEIPT_FORMAT, RECEIPT_VERSION } from './receipt.ts';

/** Unknown fields are refused: a misspelt one would otherwise be ignored in silence. */
export const CLOSED = { additionalProperties: false } as const;

const hexOf = (bytes: number, description?: string) =>
  Type.String({
    pattern: `^[0-9a-fA-F]{${2 * bytes}}$`,
    minLength: 2 * bytes,
    maxLength: 2 * bytes,
    ...(description === undefined ? {} : { description }),
  });
const hexUpTo = (bytes: number, description: string) =>
  Type.String({ pattern: '^([0-9a-fA-F]{2})*$', maxLength: 2 * bytes, description });
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const Notches = Type.String({
  pattern: '^(0|[1-9][0-9]{0,18})$',
  maxLength: 19,
  description: 'notches, 1,000,000 to a tally',
});
export const Work = Type.String({ pattern: '^[0-9]{1,78}$', description: 'expected hashes' });
export const AddressText = Type.String({
  minLength: ADDRESS_TEXT_LENGTH,
  maxLength: ADDRESS_TEXT_LENGTH,
  description: 'bech32m with the prefix `tally`',
});
export const Id = hexOf(32);
export const Time = Type.String({ description: 'ISO 8601, UTC' });
export const Bits = Type.String({ description: 'target in compact form, "0x…"' });

const transactionFields = {
  sender: AddressText,
  sequence: Count,
  recipient: AddressText,
  amount: Notches,
  fee: Notches,
  data: hexUpTo(MAX_DATA_BYTES, `up to ${MAX_DATA_BYTES} bytes of anything`),
  signature: hexOf(64, "the sender's, over sha256(networkId ‖ id)"),
};

export const TransactionSchema = Type.Object({ id: Id, ...transactionFields }, CLOSED);
/** A signed transaction and its id. @interface */
export type TransactionJson = Static<typeof TransactionSchema>;

/** As submitted: the id may be left out; where it is given it is checked. */
export const SubmittedSchema = Type.Object({ id: Type.Optional(Id), ...transactionFields }, CLOSED);
/** A signed transaction to be submitted. @interface */
export type SubmittedJson = Static<typeof SubmittedSchema>;

const HeaderSchema = Type.Object(
  {
    parent: Id,
    height: Count,
    timestamp: Time,
    bits: Bits,
    miner: AddressText,
    transactionsRoot: Id,
    extra: hexUpTo(MAX_EXTRA_BYTES, `up to ${MAX_EXTRA_BYTES} bytes of the miner's choice`),
  },
  CLOSED,
);
/** The header of a block. @interface */
export type HeaderJson = Static<typeof HeaderSchema>;

export const BlockSchema = Type.Object(
  {
    id: Id,
    nonce: hexOf(32),
    header: HeaderSchema,
    transactions: Type.Array(TransactionSchema),
    size: Type.Integer({ description: 'SSZ bytes' }),
    work: Type.String({ description: 'accumulated from the genesis to this block, in expected hashes' }),
    confirmations: Type.Integer({ description: '1 for the tip, 0 off the chain' }),
  },
  CLOSED,
);
/** A block and what the daemon knows of it. @interface */
export type BlockJson = Static<typeof BlockSchema>;

const SealedHeaderSchema = Type.Object({ id: Id, nonce: hexOf(32), header: HeaderSchema }, CLOSED);

export const ReceiptSchema = Type.Object(
  {
    format: Type.Literal(RECEIPT_FORMAT),
    version: Type.Literal(RECEIPT_VERSION),
    networkId: Id,
    transaction: TransactionSchema,
    index: Type.Integer({ description: 'place in the block, from 0' }),
    branch: Type.Array(hexOf(32), {
      minItems: BRANCH_NODES,
      maxItems: BRANCH_NODES,
      description: "from the transaction up to the block's transactionsRoot; the last is the list's length",
    }),
    block: SealedHeaderSchema,
    burying: Type.Array(SealedHeaderSchema, {
      maxItems: MAX_BURYING_HEADERS,
      description: 'the headers after the block, each the child of the one before',
    }),
  },
  CLOSED,
);
export type ReceiptJson = Static<typeof ReceiptSchema>;
