import { describe, expect, it } from 'vitest';
import { endEach, endInTurn } from '../../src/store/ending.ts';

describe.each([
  ['endEach', async (steps: (() => void)[]) => endEach(steps)],
  ['endInTurn', (steps: (() => void)[]) => endInTurn(steps)],
])('%s', (_, end) => {
  function steps(...messages: (string | undefined)[]): { ended: number[]; all: (() => void)[] } {
    const ended: number[] = [];
    const all = messages.map((message, index) => () => {
      ended.push(index);
      if (message !== undefined) throw new Error(message);
    });
    return { ended, all };
  }

  it('ends each in order', async () => {
    const { all, ended } = steps(undefined, undefined, undefined);
    await end(all);
    expect(ended).toEqual([0, 1, 2]);
  });

  it('ends the others too, and throws what one threw', async () => {
    const { all, ended } = steps(undefined, 'no disk', undefined);
    await expect(end(all)).rejects.toThrow(/^no disk$/);
    expect(ended).toEqual([0, 1, 2]);
  });

  it('tells several errors in one line, each once', async () => {
    const { all, ended } = steps('no disk', 'no net', 'no disk');
    await expect(end(all)).rejects.toThrow(/^no disk; no net$/);
    expect(ended).toEqual([0, 1, 2]);
  });
});
