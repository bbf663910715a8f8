import type { TipChange } from './records.ts';

/**
 * What became of a block that broke no rule.
 *
 * - `known`: it is here already.
 * - `orphan`: its parent, or its parent's body, is not here. Nothing was kept.
 * - `early`: its timestamp is too far ahead of the clock. Nothing was kept.
 * - `stored`: kept on a branch with no more work than the chain's.
 * - `connected`: it is on the chain. `change` tells all that the commit did, also for the blocks added with it.
 */
export type AddResult =
  | { readonly kind: 'known' | 'orphan' | 'early' | 'stored' }
  | { readonly kind: 'connected'; readonly change: TipChange };
