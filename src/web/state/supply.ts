/** How much there is: from the network's parameters alone. */
import type { AnswerOf } from '../../client/contract.ts';

type Params = AnswerOf<'network'>['params'];

/** Notches. */
export function subsidyAt({ halvingInterval, subsidy }: Params, height: number): bigint {
  if (height === 0) return 0n;
  const halvings = halvingInterval === 0 ? 0 : Math.floor(height / halvingInterval);
  return halvings > 63 ? 0n : BigInt(subsidy) >> BigInt(halvings);
}

/** Notches that exist once block `height` is there. */
export function supplyAt(params: Params, height: number): bigint {
  let supply = params.allocations.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  if (params.halvingInterval === 0) return supply + BigInt(height) * subsidyAt(params, 1);
  // An interval at a time: at most 64 of them have a subsidy.
  for (let from = 1; from <= height; ) {
    const end = Math.min(
      height + 1,
      (Math.floor(from / params.halvingInterval) + 1) * params.halvingInterval,
    );
    const each = subsidyAt(params, from);
    if (each === 0n) break;
    supply += BigInt(end - from) * each;
    from = end;
  }
  return supply;
}
