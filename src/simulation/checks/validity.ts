/** Nothing invalid is ever connected: each block a node puts on its chain is checked once more, from its bytes. */
import { createHash } from 'node:crypto';
import { nextBits } from '../../core/difficulty.ts';
import { encodeBlock } from '../../core/encoding.ts';
import { headerRoot, signingMessage, transactionRoot, transactionsRoot } from '../../core/hashing.ts';
import { bytesEqual, bytesToBigInt, bytesToHex } from '../../core/hex.ts';
import type { BlockId } from '../../core/identifiers.ts';
import { targetFromBits } from '../../core/target.ts';
import type { Block, Header } from '../../core/types.ts';
import { verifySignature } from '../../native/signatures.ts';
import type { Machine } from '../machine.ts';
import type { Check, CheckContext } from './check.ts';

export function validity({ report, world }: CheckContext): Check {
  /** What was found wrong with each block looked at; undefined: nothing. */
  const looked = new Map<BlockId, string | undefined>();
  return {
    onEvent(machine, event) {
      if (event.event !== 'block.accepted' || !event.onChain) return;
      if (!looked.has(event.id)) looked.set(event.id, faultOf(machine, event.id));
      const fault = looked.get(event.id);
      if (fault !== undefined) report(`connected block ${event.id.slice(0, 12)}: ${fault}`, machine);
    },
  };

  function faultOf({ node }: Machine, id: BlockId): string | undefined {
    const { chain } = node;
    const record = chain.byId(id);
    const block = record && chain.block(record);
    if (record === undefined || block === undefined) return 'it is not kept';
    const parent = chain.parentOf(record);
    const grandparent = parent && chain.parentOf(parent);
    if (parent === undefined) return 'it has no parent';
    return faultOfHeader(id, block, parent.sealed.header, grandparent?.sealed.header) ?? faultOfBody(block);
  }

  function faultOfHeader(
    id: BlockId,
    { sealed }: Block,
    parent: Header,
    grandparent: Header | undefined,
  ): string | undefined {
    const { header, nonce } = sealed;
    const { params } = world.definition;
    const hash = createHash('sha256').update(headerRoot(header)).update(nonce).digest();
    const target = targetFromBits(header.bits);
    if (bytesToHex(hash) !== id) return 'its id is not its hash';
    if (target === undefined || bytesToBigInt(hash) > target) return 'no proof of work';
    if (header.height !== parent.height + 1n) return 'wrong height';
    if (header.timestamp <= parent.timestamp) return 'not after its parent';
    if (header.bits !== nextBits(params, parent, grandparent)) return 'wrong bits';
    return undefined;
  }

  function faultOfBody(block: Block): string | undefined {
    const { idBytes, params } = world.definition;
    if (encodeBlock(block).length > params.maxBlockBytes) return 'too long';
    if (!bytesEqual(transactionsRoot(block.transactions), block.sealed.header.transactionsRoot))
      return 'wrong root';
    const forged = block.transactions.some(
      ({ signature, transaction }) =>
        !verifySignature({
          message: signingMessage(idBytes, transactionRoot(transaction)),
          publicKey: transaction.sender,
          signature,
        }),
    );
    return forged ? 'a signature is wrong' : undefined;
  }
}
