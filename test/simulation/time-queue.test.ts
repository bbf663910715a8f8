import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeQueue } from '../../src/simulation/time-queue.ts';

describe('a time queue', () => {
  it('gives the earliest first, and of those at one time the one put in first, whatever is taken out between', () => {
    const step = fc.option(fc.integer({ min: 0, max: 20 }), { freq: 3, nil: undefined });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new TimeQueue<{ time: number; order: number }>();
        const model: { time: number; order: number }[] = [];
        for (const [order, time] of steps.entries()) {
          if (time !== undefined) {
            queue.push(time, { time, order });
            model.push({ time, order });
          } else if (model.length > 0) {
            model.sort((a, b) => a.time - b.time || a.order - b.order);
            expect(queue.earliest).toBe(model[0]?.time);
            expect(queue.pop()).toEqual(model.shift());
          }
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });

  it('holds more than it has places for at first', () => {
    const queue = new TimeQueue<number>();
    for (let i = 0; i < 5_000; i++) queue.push((i * 7_919) % 5_000, (i * 7_919) % 5_000);
    for (let i = 0; i < 5_000; i++) expect(queue.pop()).toBe(i);
    expect(queue.earliest).toBe(Number.POSITIVE_INFINITY);
  });
});
