/** An event as the log's lines take it: from the node itself, or from what a devnet's daemon has logged. */
import type { EventJson } from '../../client/live-event.ts';
import type { NodeEvent } from '../../node/events.ts';

type Accepted = Extract<NodeEvent, { event: 'block.accepted' }>;
/** Of an accepted block, what a line needs: no conversion for each of the thousands that a sync fetches. */
export type AcceptedBlock = Pick<
  Accepted,
  'event' | 'height' | 'onChain' | 'source' | 'transactions' | 'latencyMs'
> & {
  readonly id: string;
  readonly parent: string;
  readonly from?: string;
  readonly firstTransactions?: readonly string[];
};
export type HeardEvent = Exclude<EventJson, { event: 'block.accepted' }> | AcceptedBlock;
