import { expect, test } from 'vitest';
import { awaitReceipt } from '../../src/cli/confirmation.ts';
import type { TransactionJson } from '../../src/client/schemas.ts';
import { ApiError, type TallyClient } from '../../src/client/tally-client.ts';

const transaction = { id: 'ab' } as TransactionJson;

/** A daemon that gives these answers in this order, and the calls it got. */
function daemon(...answers: [route: string, answer: object | ApiError][]) {
  const calls: string[] = [];
  const client = {
    call: async (name: string) => {
      calls.push(name);
      const [route, answer] = answers.shift() ?? [];
      expect(name).toBe(route);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { client: client as unknown as TallyClient, calls };
}

const unknown = new ApiError(404, 'not-found', 'not known here');

test('a transaction that a reorganisation drops is submitted again, and waited for', async () => {
  const inBlock = (height: number, confirmations: number) => ({ height, blockId: 'cd', confirmations });
  const { client } = daemon(
    ['transaction', { confirmations: 0 }],
    ['transaction', inBlock(7, 2)],
    ['receipt', new ApiError(409, 'too-few-confirmations', 'the chain has changed')],
    ['transaction', unknown],
    ['submit', { id: 'ab' }],
    ['transaction', { confirmations: 0 }],
    ['transaction', inBlock(8, 2)],
    ['receipt', { the: 'receipt' }],
  );
  const told: string[] = [];
  expect(await awaitReceipt(client, transaction, 2, (text) => told.push(text))).toEqual({ the: 'receipt' });
  expect(told).toEqual([
    'pending: it waits for a block',
    'confirmed in block #7, 2 of 2 confirmations',
    'pending: it waits for a block',
    'confirmed in block #8, 2 of 2 confirmations',
  ]);
});

test('one that is not taken again is said to be lost', async () => {
  const refusal = new ApiError(422, 'wrong-sequence', 'another was first');
  const { client } = daemon(['transaction', unknown], ['submit', refusal], ['transaction', unknown]);
  await expect(awaitReceipt(client, transaction, 1, () => {})).rejects.toMatchObject({
    name: 'CommandError',
    message: expect.stringContaining('another was first'),
  });
});

test('a daemon that is gone, or refuses for another reason, ends the wait', async () => {
  const broken = new ApiError(500, 'internal', 'it failed');
  const { client } = daemon(['transaction', broken]);
  await expect(awaitReceipt(client, transaction, 1, () => {})).rejects.toBe(broken);
});
