/**
 * What a tab and the holder of its stream tell each other. The tab asks for one stream on each port; the holder sends a
 * batch of events and waits until the tab is ready for the next, so that a frozen tab does not pile up events.
 */
import type { StreamEvent } from '../../client/event-stream.ts';

export type TabMessage =
  | {
      readonly kind: 'listen';
      readonly url: string;
      /** Number of the last event the tab has seen; 0: none. */
      readonly after: number;
    }
  | { readonly kind: 'ready' }
  | { readonly kind: 'leave' };

export type HolderMessage =
  /** Empty: the holder is still there. */
  | { readonly kind: 'events'; readonly events: readonly StreamEvent[] }
  /** The stream is over; the tab decides when to ask again. */
  | { readonly kind: 'lost'; readonly reason: string; readonly refusal?: Refusal };

/** The daemon said no. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
}

/** One end of a channel: a browser's, or Node's in a test. */
export interface Port {
  postMessage(message: TabMessage | HolderMessage): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  start(): void;
  close(): void;
}
