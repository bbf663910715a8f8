import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { subsidyAt as paidAt } from '../../src/core/subsidy.ts';
import { subsidyAt, supplyAt } from '../../src/web/state/supply.ts';
import { testNetwork } from '../support/ledger.ts';

it('the supply the page shows is the sum of what the rules pay', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 300 }),
      (first, halvingInterval, height) => {
        const { params } = testNetwork({ subsidy: first, halvingInterval: BigInt(halvingInterval) });
        const file = formatNetworkFile(params);
        const asAnswered = { ...file, genesisTime: Number(params.genesisTime) };
        let sum = 0n;
        for (let at = 0; at <= height; at++) {
          const paid = paidAt(params, BigInt(at));
          expect(subsidyAt(asAnswered, at)).toBe(paid);
          sum += paid;
        }
        expect(supplyAt(asAnswered, height)).toBe(sum);
      },
    ),
    { numRuns: 60 },
  );
});
