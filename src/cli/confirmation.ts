/** Waits until a transaction is buried deep enough, whatever becomes of the chain meanwhile. */
import { pause } from '../client/back-off.ts';
import type { LookupJson } from '../client/contract.ts';
import type { ReceiptJson, TransactionJson } from '../client/schemas.ts';
import { ApiError, type TallyClient } from '../client/tally-client.ts';
import { CommandError } from './errors.ts';
import { counted } from './output.ts';

const POLL_MS = 500;

export interface Confirmed {
  readonly height: number;
  readonly blockId: string;
  readonly confirmations: number;
}

/**
 * @param transaction is submitted again if the daemon forgot it: a reorganisation may take it out of its block, and a
 *   full pool out of the pool
 * @param tell called with each change in words
 * @throws CommandError if it cannot get into a block any more, ConnectionError
 */
export async function waitForConfirmations(
  client: TallyClient,
  transaction: TransactionJson,
  wanted: number,
  tell: (text: string) => void,
): Promise<Confirmed> {
  let told = '';
  let before: number | undefined;
  for (;;) {
    const found = await lookUp(client, transaction);
    const text = describe(found, wanted, before);
    if (text !== told) tell(text);
    told = text;
    const { blockId, confirmations, height } = found;
    if (height !== undefined && blockId !== undefined && confirmations >= wanted) {
      return { height, blockId, confirmations };
    }
    before = height ?? before;
    await pause(POLL_MS);
  }
}

/**
 * A receipt with so many confirmations, as soon as there is one.
 *
 * @throws as `waitForConfirmations`
 */
export async function awaitReceipt(
  client: TallyClient,
  transaction: TransactionJson,
  confirmations: number,
  tell: (text: string) => void,
): Promise<ReceiptJson> {
  for (;;) {
    await waitForConfirmations(client, transaction, confirmations, tell);
    try {
      return await client.call('receipt', { params: { id: transaction.id }, query: { confirmations } });
    } catch (error) {
      // The chain has changed since: the wait goes on.
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      await pause(POLL_MS);
    }
  }
}

function describe({ confirmations, height }: LookupJson, wanted: number, before: number | undefined): string {
  if (height !== undefined) {
    return `confirmed in block #${height}${wanted > 1 ? `, ${confirmations} of ${counted(wanted, 'confirmation')}` : ''}`;
  }
  return before === undefined
    ? 'pending: it waits for a block'
    : `pending again: a reorganisation left block #${before} behind`;
}

async function lookUp(client: TallyClient, transaction: TransactionJson): Promise<LookupJson> {
  for (let tries = 0; ; tries++) {
    if (tries > 0) await pause(POLL_MS);
    try {
      return await client.call('transaction', { params: { id: transaction.id } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    try {
      await client.call('submit', { body: transaction });
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      // It may have been mined between the two questions.
      const mined = await client
        .call('transaction', { params: { id: transaction.id } })
        .catch(() => undefined);
      if (mined !== undefined) return mined;
      throw new CommandError(
        `the daemon no longer has transaction ${transaction.id} and does not take it again: ${cause.message}`,
        { cause },
      );
    }
  }
}
