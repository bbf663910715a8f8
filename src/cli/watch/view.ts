/** `tally watch` on a terminal: follows the daemon and paints what it hears. */
import { pause } from '../../client/back-off.ts';
import { ConnectionError, type TallyClient } from '../../client/tally-client.ts';
import { startModel, type WatchModel, withEvent, withoutDaemon, withStatus } from './model.ts';
import { namesOf, type WatchedNames } from './names.ts';
import { render } from './render.ts';
import { Screen } from './screen.ts';

/** Ages and the hash rate move this often. */
const STATUS_EVERY_MS = 1_000;
/** While catching up there are thousands of events a second; nobody reads faster. */
const PAINT_EVERY_MS = 50;
const FIRST_BLOCKS = 12;

/** Until the user quits. @throws ConnectionError if there is no daemon at the beginning, ApiError */
export async function showView(client: TallyClient): Promise<void> {
  const status = await client.call('status');
  const from = Math.max(0, status.height + 1 - FIRST_BLOCKS);
  const { blocks } = await client.call('chain', { query: { from, limit: FIRST_BLOCKS } });
  const names = await namesOf(client);
  const ended = new AbortController();
  let model = startModel(client.url, status, blocks);
  let paused: WatchModel | undefined;
  let timer: NodeJS.Timeout | undefined;
  const paint = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const view = {
      ...screen.size,
      nowMs: Date.now(),
      elapsedMs: performance.now(),
      paused: paused !== undefined,
    };
    screen.paint(render(paused ?? model, view));
  };
  const change = (next: WatchModel): void => {
    model = next;
    timer ??= setTimeout(paint, PAINT_EVERY_MS);
  };
  const screen = new Screen({
    key: (key) => {
      if (key !== 'p' && key !== 'P' && key !== ' ') return;
      paused = paused === undefined ? model : undefined;
      paint();
    },
    resized: paint,
    quit: () => ended.abort(),
  });
  screen.open();
  try {
    paint();
    await Promise.all([
      takeEvents(client, names, (next) => change(next(model)), ended.signal),
      pollStatus(client, (next) => change(next(model)), ended.signal),
    ]);
  } finally {
    clearTimeout(timer);
    ended.abort();
    screen.close();
  }
}

type Change = (next: (model: WatchModel) => WatchModel) => void;

async function takeEvents(
  client: TallyClient,
  names: WatchedNames,
  change: Change,
  signal: AbortSignal,
): Promise<void> {
  const events = client.events({
    resume: true,
    signal,
    onConnection: ({ connected }) => {
      if (!connected) change((model) => withoutDaemon(model, performance.now()));
    },
  });
  for await (const event of events) {
    names.hear(event);
    change((model) => withEvent(model, event, Date.now(), names.of));
  }
}

async function pollStatus(client: TallyClient, change: Change, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const status = await client.call('status', {}, { signal });
      change((model) => withStatus(model, status));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ConnectionError)) throw error;
      change((model) => withoutDaemon(model, performance.now()));
    }
    await pause(STATUS_EVERY_MS, signal);
  }
}
