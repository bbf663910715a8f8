/** No honest node ever gossips a block without proof of work or a transaction with a wrong signature. */
import { signingMessage, transactionRoot } from '../../core/hashing.ts';
import { checkProofOfWork } from '../../core/target.ts';
import { verifySignature } from '../../native/signatures.ts';
import { decodeCompactBlock } from '../../node/compact-block.ts';
import type { TopicName } from '../../node/ports.ts';
import { decodeWire, TransactionsMessageType } from '../../node/wire.ts';
import type { Check, CheckContext } from './check.ts';

export function relay({ report, world }: CheckContext): Check {
  /** Messages are passed on as the same bytes. */
  const looked = new WeakMap<Uint8Array, string | undefined>();
  world.hub.observer.gossipSent = (from, topic, bytes) => {
    const machine = world.machineOf(from.self);
    if (machine === undefined || machine.isAttacker) return;
    if (!looked.has(bytes)) looked.set(bytes, faultOf(topic, bytes));
    const fault = looked.get(bytes);
    if (fault !== undefined) report(`gossips ${topic}: ${fault}`, machine);
  };
  return {};

  function faultOf(topic: TopicName, bytes: Uint8Array): string | undefined {
    try {
      if (topic === 'block') {
        checkProofOfWork(decodeCompactBlock(bytes, world.definition.params).sealed);
        return undefined;
      }
      const { transactions } = decodeWire(TransactionsMessageType, bytes, 'transactions');
      const { idBytes } = world.definition;
      const forged = transactions.some(
        ({ signature, transaction }) =>
          !verifySignature({
            message: signingMessage(idBytes, transactionRoot(transaction)),
            publicKey: transaction.sender,
            signature,
          }),
      );
      return forged ? 'a signature is wrong' : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
