/** Everything that is fuzzed. */
import type { FuzzTarget } from '../engine/target.ts';
import { answerTargets } from './answers.ts';
import { fileTargets } from './files.ts';
import { gossipTargets } from './gossip.ts';
import { httpTargets } from './http.ts';
import { mdnsTargets } from './mdns.ts';
import { receiptTargets } from './receipts.ts';
import { sszTargets } from './ssz.ts';
import { streamTargets } from './streams.ts';
import { textTargets } from './text.ts';
import { toldTargets } from './told.ts';
import { walletTargets } from './wallet.ts';
import { wireTargets } from './wire.ts';

export const TARGETS: readonly FuzzTarget[] = [
  ...sszTargets,
  ...wireTargets,
  ...textTargets,
  ...receiptTargets,
  ...walletTargets,
  ...fileTargets,
  ...toldTargets,
  ...mdnsTargets,
  ...streamTargets,
  ...gossipTargets,
  ...answerTargets,
  ...httpTargets,
];
