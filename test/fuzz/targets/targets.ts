/** Everything that is fuzzed. */
import type { FuzzTarget } from '../engine/target.ts';
import { sszTargets } from './ssz.ts';
import { textTargets } from './text.ts';
import { wireTargets } from './wire.ts';

export const TARGETS: readonly FuzzTarget[] = [...sszTargets, ...wireTargets, ...textTargets];
