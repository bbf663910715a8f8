/**
 * The live connection, and the truth about it. A stream of events, shared by all tabs, opened again whenever it is
 * lost; a look at the status every few seconds, which also tells a daemon that hangs from one that has nothing to say.
 */
import { computed, signal } from '@preact/signals';
import type { LiveEventJson } from '../../client/live-event.ts';
import { routes } from '../../client/routes.ts';
import { ApiError, type LiveEvent } from '../../client/tally-client.ts';
import { after } from '../../client/timers.ts';
import { readStream } from '../streams/stream.ts';
import { addActivity } from './activity.ts';
import { forgetBlocks, resyncBlocks, takeBlockEvents } from './blocks.ts';
import { now } from './clock.ts';
import { apiUrl, client } from './daemon.ts';
import { noteArrival, resyncPool } from './pool.ts';
import { network, status } from './status.ts';

/** Between two looks at the status. */
const STATUS_EVERY_MS = 4_000;
/** Nothing heard for so long, though the stream is open: two looks were missed. */
const STALE_AFTER_MS = 12_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;
/** Blocks, peers and the like until the next frame. Past that the page asks for all of it again. */
const MAX_WAITING_EVENTS = 2_000;

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'catching-up'; readonly height: number; readonly target: number }
  | { readonly kind: 'stale'; readonly seconds: number }
  | { readonly kind: 'lost'; readonly retrySeconds: number; readonly reason: string };

const isOpen = signal(false);
const lastHeardMs = signal(Date.now());
const lost = signal<{ readonly retryAtMs: number; readonly reason: string } | undefined>(undefined);

export const connection = computed<Connection>(() => {
  if (lost.value !== undefined) {
    const retrySeconds = Math.max(0, Math.ceil((lost.value.retryAtMs - now.value) / 1_000));
    return { kind: 'lost', retrySeconds, reason: lost.value.reason };
  }
  if (!isOpen.value) return { kind: 'connecting' };
  const silentMs = now.value - lastHeardMs.value;
  if (silentMs > STALE_AFTER_MS) return { kind: 'stale', seconds: Math.round(silentMs / 1_000) };
  const sync = status.value?.sync;
  if (sync !== undefined && sync.state !== 'idle') {
    return { kind: 'catching-up', height: sync.height, target: sync.targetHeight };
  }
  return { kind: 'live' };
});

let lastEventId: string | undefined;
let running = new AbortController();
let wake: () => void = () => {};
let waiting: LiveEventJson[] = [];
let hasMissed = false;
let flushTimer: number | undefined;

/** Begins, and goes on until the page is closed. */
export function startLive(): void {
  void keepStreaming();
  let lookedAtMs = Date.now();
  setInterval(() => {
    // The machine slept, its lid closed over a page that was never hidden. Timers do not count that time.
    if (!document.hidden && Date.now() - lookedAtMs > STALE_AFTER_MS) awoke();
    lookedAtMs = Date.now();
    void lookAtStatus();
  }, STATUS_EVERY_MS);
  addEventListener('online', retryNow);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    void lookAtStatus();
    if (Date.now() - lastHeardMs.value > STALE_AFTER_MS) awoke();
    else wake();
  });
  let known = apiUrl.value;
  apiUrl.subscribe((url) => {
    if (url === known) return;
    known = url;
    lastEventId = undefined;
    status.value = undefined;
    network.value = undefined;
    forgetBlocks();
    running.abort();
    wake();
  });
}

/** After a sleep the stream may be dead and nobody said so. */
function awoke(): void {
  running.abort();
  wake();
}

/** Does not wait for the next try. */
export function retryNow(): void {
  wake();
}

async function keepStreaming(): Promise<void> {
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)) {
    running = new AbortController();
    let reason = 'the stream ended';
    try {
      await synchronise();
      const url = `${client.value.url}${routes.events.url}`;
      const { signal } = running;
      for await (const event of readStream(url, { after: firstWanted(), whileHidden: 'listen', signal })) {
        retryMs = FIRST_RETRY_MS;
        hear(event as LiveEvent);
      }
    } catch (error) {
      // A number this daemon never gave out: it is another, or its folder was emptied.
      if (error instanceof ApiError && error.status === 400) lastEventId = undefined;
      reason = error instanceof Error ? error.message : String(error);
    }
    isOpen.value = false;
    if (running.signal.aborted) continue;
    now.value = Date.now();
    lost.value = { retryAtMs: now.value + retryMs, reason };
    await waitOrWake(retryMs);
  }
}

/** Everything shown is asked for anew: events only say what changed since. */
async function synchronise(): Promise<void> {
  const [current, definition] = await Promise.all([
    client.value.call('status'),
    client.value.call('network'),
  ]);
  status.value = current;
  network.value = definition;
  await Promise.all([resyncBlocks(), resyncPool()]);
  heard();
  lost.value = undefined;
  isOpen.value = true;
}

/** The first time, from as far back as the daemon remembers: blocks that came before the page did have a latency too. */
function firstWanted(): number {
  return Number(lastEventId ?? Date.parse(status.value?.startedAt ?? '') - 1) || 0;
}

function hear({ id, type, data }: LiveEvent): void {
  lastEventId = id;
  heard();
  if (type === 'missed') {
    hasMissed = true;
  } else if (data.event === 'transaction.accepted') {
    // Thousands a second: counted here, never kept.
    noteArrival(data);
    return;
  } else if (data.event !== 'transaction.refused') {
    waiting.push(data);
  }
  if (waiting.length > MAX_WAITING_EVENTS) {
    waiting = [];
    hasMissed = true;
  }
  // Frames stop in a hidden tab; a timer goes on, slowly.
  if (flushTimer !== undefined) return;
  flushTimer = document.hidden ? setTimeout(flush, 1_000) : requestAnimationFrame(flush);
}

/** All that came since the last frame, at once. */
function flush(): void {
  flushTimer = undefined;
  const events = waiting;
  waiting = [];
  takeBlockEvents(events);
  for (const event of events) addActivity(event);
  if (events.some(({ event }) => event.startsWith('peer.') || event === 'sync.progress')) void lookAtStatus();
  if (hasMissed || events.some(({ event }) => event === 'block.accepted')) void resyncPool();
  if (hasMissed) void resyncBlocks();
  hasMissed = false;
}

let isLooking = false;
async function lookAtStatus(): Promise<void> {
  if (isLooking || document.hidden) return;
  isLooking = true;
  try {
    status.value = await client.value.call('status', {}, { timeoutMs: STALE_AFTER_MS });
    heard();
  } catch {
    // The badge says how long nothing was heard.
  } finally {
    isLooking = false;
  }
}

function heard(): void {
  lastHeardMs.value = Date.now();
}

function waitOrWake(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = after(delayMs, resolve);
    wake = () => {
      cancel();
      resolve();
    };
  });
}
