/** Waiting for a transaction to be buried, and its receipt: through reorganisations that take it out of its block. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReceiptJson, TransactionJson } from '../client/schemas.ts';
import { ApiError, type TallyClient } from '../client/tally-client.ts';
import { CommandError } from './errors.ts';

const POLL_MS = 500;

/**
 * A receipt with so many confirmations, as soon as there is one. It has no deadline: nobody knows when a block is mined.
 *
 * @param tell how many confirmations it has so far; 0 while it waits for a block
 * @throws CommandError if it has been dropped and is not taken again; ApiError, ConnectionError
 */
export async function awaitReceipt(
  client: TallyClient,
  transaction: TransactionJson,
  confirmations: number,
  tell: (confirmations: number) => void,
): Promise<ReceiptJson> {
  const { id } = transaction;
  for (;;) {
    const found = await orUndefined(404, client.call('transaction', { params: { id } }));
    if (found === undefined) await submitAgain(client, transaction);
    tell(found?.confirmations ?? 0);
    if (found !== undefined && found.confirmations >= confirmations) {
      // Refused if the chain has changed since: then the wait goes on.
      const receipt = await orUndefined(
        409,
        client.call('receipt', { params: { id }, query: { confirmations } }),
      );
      if (receipt !== undefined) return receipt;
    }
    await delay(POLL_MS);
  }
}

/** It left its block and the pool: another branch won, or the pool was full. The same transaction has the same id. */
async function submitAgain(client: TallyClient, transaction: TransactionJson): Promise<void> {
  try {
    await client.call('submit', { body: transaction });
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    throw new CommandError(
      `transaction ${transaction.id} was dropped and is not taken again (${cause.message}): record the file once more`,
      { cause },
    );
  }
}

async function orUndefined<T>(status: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return undefined;
    throw error;
  }
}
