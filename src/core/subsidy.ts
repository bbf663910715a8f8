import type { NetworkParams } from './types.ts';

/**
 * Notches that come into being with the block at `height`; none with the genesis. The first halving is at
 * height `halvingInterval`, the second at twice that.
 */
export function subsidyAt(params: NetworkParams, height: bigint): bigint {
  if (height === 0n) return 0n;
  if (params.halvingInterval === 0n) return params.subsidy;
  return params.subsidy >> (height / params.halvingInterval);
}
