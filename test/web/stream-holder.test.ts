/** One stream for many tabs, without a browser: who is told what, and what is kept for a tab that does not listen. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/client/errors.ts';
import type { StreamEvent } from '../../src/client/event-stream.ts';
import { MAX_EVENTS_KEPT } from '../../src/client/routes.ts';
import type { HolderMessage, Port, TabMessage } from '../../src/web/streams/messages.ts';
import { StreamHolder } from '../../src/web/streams/stream-holder.ts';

const URL_A = 'http://daemon.example/v1/events';
/** Longer than tabs are waited for, shorter than a turn. */
const SOON_MS = 50;
const TURN_MS = 1_100;
const BEAT_MS = 5_000;

/** Numbers all it was told to say; a connection begins behind the number it is asked for, as a daemon's does. */
class FakeDaemon {
  readonly said: StreamEvent[] = [];
  /** What each connection was asked to begin behind. */
  readonly asked: number[] = [];
  refusal: Error | undefined;
  /** The oldest number it still has. */
  oldest = 1;
  readonly #open = new Map<AbortSignal, (news: StreamEvent | Error) => void>();

  get open(): number {
    return this.#open.size;
  }

  say(...numbers: number[]): void {
    for (const number of numbers) {
      const event = { id: String(number), type: 'block', data: number };
      this.said.push(event);
      for (const hear of this.#open.values()) hear(event);
    }
  }

  state(data: unknown): void {
    for (const hear of this.#open.values()) hear({ id: '', type: 'nodes', data });
  }

  stop(): void {
    for (const hear of this.#open.values()) hear(new Error('gone'));
  }

  readonly connect = async (_url: string, after: number, signal: AbortSignal) => {
    this.asked.push(after);
    if (this.refusal !== undefined) throw this.refusal;
    const waiting: (StreamEvent | Error)[] = this.said.filter(({ id }) => Number(id) > after);
    if (after + 1 < this.oldest) waiting.unshift({ id: `${this.oldest - 1}`, type: 'missed', data: {} });
    let wake = (): void => {};
    this.#open.set(signal, (news) => {
      waiting.push(news);
      wake();
    });
    signal.addEventListener('abort', () => {
      this.#open.delete(signal);
      wake();
    });
    const open = this.#open;
    return (async function* () {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next instanceof Error) {
          open.delete(signal);
          throw next;
        }
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    })();
  };
}

/** A tab that takes what comes, unless it is frozen. */
class FakeTab {
  readonly heard: (number | string)[] = [];
  readonly states: unknown[] = [];
  loss: (HolderMessage & { kind: 'lost' }) | undefined;
  batches = 0;
  isFrozen = false;
  #tell: (message: TabMessage) => void = () => {};

  constructor(holder: StreamHolder, after: number, url = URL_A) {
    const port: Port = {
      postMessage: (message) => this.#hear(message as HolderMessage),
      addEventListener: (_, listener) => {
        this.#tell = (data) => listener({ data });
      },
      start: () => {},
      close: () => {},
    };
    holder.serve(port);
    this.#tell({ kind: 'listen', url, after });
  }

  leave(): void {
    this.#tell({ kind: 'leave' });
  }

  thaw(): void {
    this.isFrozen = false;
    this.#tell({ kind: 'ready' });
  }

  #hear(message: HolderMessage): void {
    if (message.kind === 'lost') {
      this.loss = message;
      return;
    }
    this.batches += 1;
    for (const { data, id, type } of message.events) {
      if (id === '') this.states.push(data);
      else this.heard.push(type === 'missed' ? `missed up to ${id}` : Number(id));
    }
    // As from another thread: not within the holder's own call.
    if (!this.isFrozen) queueMicrotask(() => this.#tell({ kind: 'ready' }));
  }
}

let daemon: FakeDaemon;
let holder: StreamHolder;
const soon = () => vi.advanceTimersByTimeAsync(SOON_MS);

beforeEach(() => {
  vi.useFakeTimers();
  daemon = new FakeDaemon();
  holder = new StreamHolder(daemon.connect);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('tabs on one stream', () => {
  it('share a connection, and each hears every event once, in order', async () => {
    daemon.say(1, 2);
    const tabs = [new FakeTab(holder, 0), new FakeTab(holder, 1)];
    await soon();
    daemon.say(3);
    await soon();
    tabs.push(new FakeTab(holder, 0));
    await soon();
    daemon.say(4);
    await soon();
    expect(tabs.map(({ heard }) => heard)).toEqual([
      [1, 2, 3, 4],
      [2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(daemon.open).toBe(1);
  });

  it('that come together are waited for, and served by one connection', async () => {
    daemon.say(1, 2, 3);
    const tabs = [3, 1, 2].map((after) => new FakeTab(holder, after));
    await soon();
    expect(daemon.asked).toEqual([1]);
    expect(tabs.map(({ heard }) => heard)).toEqual([[], [2, 3], [3]]);
  });

  it('that come late have all that the daemon keeps', async () => {
    daemon.say(...Array.from({ length: MAX_EVENTS_KEPT }, (_, index) => index + 1));
    const tab = new FakeTab(holder, 0);
    await soon();
    expect([tab.heard.length, tab.heard[0]]).toEqual([MAX_EVENTS_KEPT, 1]);
  });

  it('are told of a gap, those only that have one', async () => {
    daemon.say(1, 2, 3);
    const early = new FakeTab(holder, 0);
    await soon();
    daemon.oldest = 3;
    daemon.said.splice(0, 2);
    const late = new FakeTab(holder, 0);
    await soon();
    expect([early.heard, late.heard]).toEqual([
      [1, 2, 3],
      ['missed up to 2', 3],
    ]);
  });

  it('go on when the one that came first leaves; the last ends the connection', async () => {
    const first = new FakeTab(holder, 0);
    const second = new FakeTab(holder, 0);
    await soon();
    first.leave();
    daemon.say(1);
    await soon();
    expect([first.heard, second.heard, daemon.open]).toEqual([[], [1], 1]);
    second.leave();
    await soon();
    expect(daemon.open).toBe(0);
  });

  it('are all told when it is lost, and go on where they were', async () => {
    const tabs = [new FakeTab(holder, 0), new FakeTab(holder, 0)];
    await soon();
    daemon.say(1);
    await soon();
    daemon.stop();
    await soon();
    expect(tabs.map(({ loss }) => loss?.reason)).toEqual(['gone', 'gone']);
    daemon.say(2);
    const again = [new FakeTab(holder, 1), new FakeTab(holder, 1)];
    await soon();
    expect(again.map(({ heard }) => heard)).toEqual([[2], [2]]);
    expect(daemon.open).toBe(1);
  });

  it('are told how the daemon refused', async () => {
    daemon.refusal = new ApiError(400, 'invalid-request', 'never given out');
    const tab = new FakeTab(holder, 9);
    await soon();
    expect(tab.loss).toEqual({
      kind: 'lost',
      reason: 'never given out',
      refusal: { status: 400, code: 'invalid-request' },
    });
  });

  it('with a number that was never given out, as before a clock was set back, begin anew', async () => {
    const tab = new FakeTab(holder, 0);
    await soon();
    daemon.say(1, 2);
    await soon();
    const stale = new FakeTab(holder, 1_000);
    await soon();
    daemon.say(3);
    await soon();
    expect([tab.heard, stale.heard]).toEqual([
      [1, 2, 3],
      ['missed up to 2', 3],
    ]);
  });
});

it('under load wakes a tab for many events at a time, not for each', async () => {
  const tab = new FakeTab(holder, 0);
  await soon();
  const { batches } = tab;
  for (let number = 1; number <= 100; number++) {
    daemon.say(number);
    await vi.advanceTimersByTimeAsync(1);
  }
  await soon();
  expect(tab.heard.length).toBe(100);
  expect(tab.batches - batches).toBeLessThanOrEqual(12);
});

describe('a tab that takes nothing', () => {
  it('keeps no other waiting, is kept little for, and is told that it missed some', async () => {
    const frozen = new FakeTab(holder, 0);
    const awake = new FakeTab(holder, 0);
    await soon();
    frozen.isFrozen = true;
    daemon.say(...Array.from({ length: 5_000 }, (_, index) => index + 1));
    await soon();
    // Not so many at once for a tab that is awake, but it is in step again.
    expect(awake.heard.at(-1)).toBe(5_000);
    expect(frozen.heard).toEqual([1]);
    frozen.thaw();
    await soon();
    expect(frozen.heard.length).toBeLessThanOrEqual(2_001);
    expect(frozen.heard[1]).toMatch(/^missed up to/);
    expect(frozen.heard.at(-1)).toBe(5_000);
  });

  it('gets the last of how something stands, not all of them', async () => {
    const frozen = new FakeTab(holder, 0);
    await soon();
    frozen.isFrozen = true;
    for (const state of ['a', 'b', 'c']) daemon.state(state);
    await soon();
    frozen.thaw();
    await soon();
    expect(frozen.states).toEqual(['a', 'c']);
  });

  it('is let go of after ten minutes, as one that crashed, and told so if it wakes', async () => {
    const frozen = new FakeTab(holder, 0);
    await soon();
    frozen.isFrozen = true;
    const { batches } = frozen;
    await vi.advanceTimersByTimeAsync(100 * BEAT_MS);
    // One to notice by; no more pile up.
    expect(frozen.batches).toBe(batches + 1);
    expect(daemon.open).toBe(1);
    await vi.advanceTimersByTimeAsync(30 * BEAT_MS);
    expect(daemon.open).toBe(0);
    frozen.thaw();
    expect(frozen.loss?.reason).toContain('slept');
  });
});

it('tells every tab from time to time that it is there', async () => {
  const tab = new FakeTab(holder, 0);
  await soon();
  const { batches } = tab;
  await vi.advanceTimersByTimeAsync(3 * BEAT_MS);
  expect(tab.batches).toBe(batches + 3);
});

it('streams of more daemons behind one address than it has connections for take turns, and miss nothing', async () => {
  const tabs = Array.from(
    { length: 8 },
    (_, index) => new FakeTab(holder, 0, `http://daemon.example/nodes/${index + 1}/v1/events`),
  );
  await soon();
  expect(daemon.open).toBe(3);
  for (let number = 1; number <= 6; number++) {
    daemon.say(number);
    await vi.advanceTimersByTimeAsync(TURN_MS);
    expect(daemon.open).toBeLessThanOrEqual(3);
  }
  await vi.advanceTimersByTimeAsync(4 * TURN_MS);
  for (const { heard } of tabs) expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
});
