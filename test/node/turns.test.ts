import { expect, it } from 'vitest';
import { Turns } from '../../src/node/turns.ts';

it('everybody gets a turn of the event loop for itself, in the order they asked', async () => {
  const loop: (() => void)[] = [];
  const turns = new Turns((call) => loop.push(call));
  const had: number[] = [];
  for (const number of [1, 2, 3]) void turns.next().then(() => had.push(number));
  const hadAfter: number[][] = [];
  while (loop.length > 0) {
    for (const call of loop.splice(0)) call();
    await Promise.resolve();
    hadAfter.push([...had]);
  }
  expect(hadAfter).toEqual([[1], [1, 2], [1, 2, 3]]);
});

it("own work goes before strangers', which gets every fourth turn", async () => {
  const loop: (() => void)[] = [];
  const turns = new Turns((call) => loop.push(call));
  const had: string[] = [];
  for (let count = 0; count < 3; count++) void turns.nextForStranger().then(() => had.push('stranger'));
  for (let count = 0; count < 5; count++) void turns.next().then(() => had.push('own'));
  while (loop.length > 0) {
    for (const call of loop.splice(0)) call();
    await Promise.resolve();
  }
  expect(had).toEqual(['own', 'own', 'own', 'stranger', 'own', 'own', 'stranger', 'stranger']);
});
