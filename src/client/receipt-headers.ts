/** The headers of a receipt: whether they follow each other by the rules, and how much work they stand for. */
import { nextBits } from '../core/difficulty.ts';
import { bytesEqual, bytesToBigInt, bytesToHex } from '../core/hex.ts';
import { idFromBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { requireTarget, targetFromBits, workOfTarget } from '../core/target.ts';
import type { Header, NetworkParams } from '../core/types.ts';
import { bitsToJson } from './json.ts';
import type { IdentifiedHeader, ReadReceipt } from './receipt.ts';
import { ReceiptError } from './receipt-error.ts';

/**
 * Checks each header by its own work and by those before it that are here. The two before the first are not, so its
 * target can be held against the easiest of the network only, and the second's against what any time of its
 * grandparent would have given.
 *
 * @returns the hashes it takes on average to make such headers
 * @throws ReceiptError `header-chain`, `timestamp`, `difficulty`, `proof-of-work`, `block-id`
 */
export function checkReceiptHeaders({ headers, lastId }: ReadReceipt, network: NetworkDefinition): bigint {
  let work = 0n;
  let parent: Header | undefined;
  let grandparent: Header | undefined;
  for (const identified of headers) {
    const { header } = identified.sealed;
    if (parent === undefined) checkFirst(header, network);
    else checkTimestamp(header, parent);
    checkDifficulty(header, parent, grandparent, network.params);
    work += checkWork(identified);
    grandparent = parent;
    parent = header;
  }
  const last = headers.at(-1)?.id ?? headers[0].id;
  if (!bytesEqual(last, lastId)) {
    throw new ReceiptError(
      'block-id',
      `the headers end with ${bytesToHex(last)}, the receipt names ${bytesToHex(lastId)}`,
    );
  }
  return work;
}

function checkFirst(header: Header, { params, genesisId }: NetworkDefinition): void {
  if (header.height === 0n)
    throw new ReceiptError('header-chain', 'height 0 is the genesis, which has no transactions');
  if (header.height === 1n && idFromBytes(header.parent) !== genesisId) {
    throw new ReceiptError(
      'header-chain',
      `block 1 follows ${bytesToHex(header.parent)}, the genesis is ${genesisId}`,
    );
  }
  // Every block is at least a millisecond later than the one before.
  if (header.timestamp < params.genesisTime + header.height) {
    throw new ReceiptError(
      'timestamp',
      `block ${header.height} at ${header.timestamp}, the genesis at ${params.genesisTime}`,
    );
  }
}

function checkTimestamp(header: Header, parent: Header): void {
  if (header.timestamp > parent.timestamp) return;
  throw new ReceiptError(
    'timestamp',
    `block ${header.height} at ${header.timestamp}, the one before at ${parent.timestamp}`,
  );
}

function checkDifficulty(
  { height, bits }: Header,
  parent: Header | undefined,
  grandparent: Header | undefined,
  params: NetworkParams,
): void {
  const target = targetFromBits(bits) ?? 0n;
  const { hardest, easiest } = allowedBits(height, parent, grandparent, params);
  if (target >= requireTarget(hardest) && target <= requireTarget(easiest)) return;
  const allowed =
    hardest === easiest ? bitsToJson(easiest) : `${bitsToJson(hardest)} to ${bitsToJson(easiest)}`;
  throw new ReceiptError('difficulty', `block ${height} has bits ${bitsToJson(bits)}, allowed: ${allowed}`);
}

/** The hardest target there is: compact for 1. */
const HARDEST_BITS = 0x0101_0000;

/** What is known of a header's bits from the two before it, as far as they are here. */
function allowedBits(
  height: bigint,
  parent: Header | undefined,
  grandparent: Header | undefined,
  params: NetworkParams,
): { hardest: number; easiest: number } {
  const exactly = (bits: number) => ({ hardest: bits, easiest: bits });
  if (height <= 2n || params.halfLife === 0n) return exactly(params.initialBits);
  if (parent === undefined) return { hardest: HARDEST_BITS, easiest: params.limitBits };
  if (grandparent !== undefined) return exactly(nextBits(params, parent, grandparent));
  const after = (solveTime: bigint) =>
    nextBits(params, parent, { ...parent, timestamp: parent.timestamp - solveTime });
  return { hardest: after(1n), easiest: after(parent.timestamp - params.genesisTime) };
}

/** @returns the work of this header */
function checkWork({ id, sealed: { header } }: IdentifiedHeader): bigint {
  const target = requireTarget(header.bits);
  if (bytesToBigInt(id) > target) {
    throw new ReceiptError(
      'proof-of-work',
      `block ${header.height} hashes to ${bytesToHex(id)}, its target is ${bitsToJson(header.bits)}`,
    );
  }
  return workOfTarget(target);
}
