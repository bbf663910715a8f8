/** Many tabs of one browser: they share one stream, whatever becomes of any of them or of the daemon. */
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodesServer } from '../../src/api/nodes/nodes-server.ts';
import type { Api } from '../../src/api/server.ts';
import { CountingRelay } from '../support/counting-relay.ts';
import { type ExplorerNetwork, mine } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import { SILENT } from '../support/served-ledger.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const TABS = 12;
const PATIENT = { timeout: 20_000 };
/** A tab takes its time before it holds its worker for gone. */
const NOTICED = { timeout: 60_000 };
/** Twelve tabs are loaded one after the other. */
const TEST_MS = 240_000;

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let relay: CountingRelay;

networkForTests('tabs test', async (made) => {
  network = made;
  daemon = await network.start([], { data: join(network.folder, 'data') });
  relay = await CountingRelay.start((await daemon.started).api);
  await mine(daemon, 3);
});

afterAll(() => relay.close());

async function openTabs(profile: BrowserContext, count: number): Promise<Page[]> {
  const tabs: Page[] = [];
  while (tabs.length < count) {
    const tab = await explorer.openTab(profile, relay.url);
    await tab.locator('.connection.live').waitFor();
    tabs.push(tab);
  }
  return tabs;
}

async function allSee(tabs: readonly Page[], id: string | undefined): Promise<void> {
  await Promise.all(tabs.map((tab) => tab.locator(`[data-block="${id}"].is-tip`).waitFor()));
}

async function streamsAre(expected: Record<string, number>, patience = PATIENT): Promise<void> {
  await expect.poll(() => relay.streams, patience).toEqual(expected);
}

describe('twelve tabs on one daemon', () => {
  it(
    'are all live by one stream, also when any of them is closed and when the daemon was away',
    async () => {
      const profile = await explorer.profile();
      const tabs = await openTabs(profile, TABS);
      await streamsAre({ '/v1/events': 1 });
      await allSee(tabs, (await mine(daemon)).at(-1));

      const thirteenth = await explorer.openTab(profile, relay.url, '/pool');
      await thirteenth.getByText('Nothing waits').waitFor();
      await thirteenth.goto(`${relay.url}/#/`);
      // The first began the stream; the second is just left.
      const [first, second, ...others] = tabs;
      await first?.close();
      await second?.goto('about:blank');
      others.push(thirteenth);
      await allSee(others, (await mine(daemon)).at(-1));
      await streamsAre({ '/v1/events': 1 });
      await second?.goBack();
      await allSee([...others, second as Page], (await mine(daemon)).at(-1));

      explorer.expected.push('ERR_EMPTY_RESPONSE', 'ERR_CONNECTION', 'ERR_INCOMPLETE_CHUNKED_ENCODING');
      const apiPort = Number(new URL((await daemon.started).api).port);
      await daemon.kill('SIGKILL');
      await others[0]?.getByText(/Disconnected, (retry in|trying)/).waitFor();
      daemon = await network.start([], { data: join(network.folder, 'data'), apiPort });
      const after = await mine(daemon, 2);
      for (const tab of others) await tab.locator('.connection.live').waitFor(PATIENT);
      await allSee(others, after.at(-1));
      const next = await mine(daemon);
      await allSee(others, next.at(-1));
      await streamsAre({ '/v1/events': 1 });
      // A tab that comes late knows of what came before it.
      const [late] = await openTabs(profile, 1);
      await late?.locator(`[data-block="${next.at(-1)}"]`, { hasText: 'mined here' }).waitFor();
      await streamsAre({ '/v1/events': 1 });
    },
    TEST_MS,
  );
});

it(
  'tabs whose worker the browser ended notice, and go on by one stream again',
  async () => {
    const profile = await explorer.profile();
    const tabs = await openTabs(profile, 3);
    await streamsAre({ '/v1/events': 1 });
    await explorer.endSharedWorkers();
    await streamsAre({});
    const mined = await mine(daemon, 2);
    for (const tab of tabs) await tab.locator(`[data-block="${mined.at(-1)}"].is-tip`).waitFor(NOTICED);
    await streamsAre({ '/v1/events': 1 });
  },
  TEST_MS,
);

it('a tab that is put away leaves the stream, and is in step again when a user comes back to it', async () => {
  const profile = await explorer.profile();
  const [tab] = (await openTabs(profile, 1)) as [Page];
  await streamsAre({ '/v1/events': 1 });
  // As a browser does with a page it may show again; one that is driven never does.
  const go = (type: string) =>
    tab.evaluate(`dispatchEvent(new PageTransitionEvent('${type}', { persisted: true }))`);
  await go('pagehide');
  await streamsAre({});
  const mined = await mine(daemon, 2);
  await go('pageshow');
  await allSee([tab], mined.at(-1));
  await streamsAre({ '/v1/events': 1 });
});

describe('where tabs cannot share a worker', () => {
  it.each([
    ['there is none', 'delete globalThis.SharedWorker'],
    [
      'it is forbidden',
      'globalThis.SharedWorker = class { constructor() { throw new Error("forbidden"); } }',
    ],
    [
      'it never says a word',
      'globalThis.SharedWorker = class extends EventTarget { port = new MessageChannel().port1; }',
    ],
    [
      'its file is gone after an upgrade',
      `globalThis.SharedWorker = class extends SharedWorker {
         constructor(url, options) { super(String(url).replace('stream-worker', 'gone'), options); }
       }`,
    ],
  ])(
    'for %s, a tab has a stream of its own while it is looked at',
    async (_, script) => {
      const profile = await explorer.profile();
      await profile.addInitScript(script);
      explorer.expected.push('/assets/gone');
      const [shown, hidden] = (await openTabs(profile, 2)) as [Page, Page];
      // A browser does not always say that the worker does not run; then it is held for gone.
      await streamsAre({ '/v1/events': 2 }, NOTICED);
      const hide = (isHidden: boolean) =>
        hidden.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} });
        document.dispatchEvent(new Event('visibilitychange'));`);
      await hide(true);
      await streamsAre({ '/v1/events': 1 });
      const mined = await mine(daemon, 2);
      await allSee([shown], mined.at(-1));
      await hide(false);
      await allSee([hidden], mined.at(-1));
      await streamsAre({ '/v1/events': 2 });
    },
    TEST_MS,
  );
});

describe('a page of several daemons', () => {
  let server: Api;
  let front: CountingRelay;
  const daemons: TallyProcess[] = [];

  beforeAll(async () => {
    for (let count = 0; count < 5; count++) daemons.push(await network.start(daemons.slice(0, 1)));
    server = await createNodesServer({
      ...{ host: '127.0.0.1', port: 0, portOption: '--port', log: SILENT },
      nodes: await Promise.all(
        daemons.map(async ({ started }, index) => ({ name: `node-${index + 1}`, url: (await started).api })),
      ),
    });
    front = await CountingRelay.start(server.url);
  }, 60_000);

  afterAll(async () => {
    await front.close();
    await server.close();
  });

  it(
    'has one stream of them all for twelve tabs',
    async () => {
      const [first] = daemons as [TallyProcess];
      const profile = await explorer.profile();
      const tabs: Page[] = [];
      const allAgree = async () => {
        const { height } = await first.client.call('status');
        const name = `All 5 nodes agree on block ${height}`;
        await Promise.all(tabs.map((tab) => tab.getByRole('heading', { level: 1, name }).waitFor()));
      };
      await mine(first, 2);
      while (tabs.length < TABS) {
        tabs.push(await explorer.openTab(profile, front.url, '/nodes'));
        await allAgree();
      }
      const streams = { '/nodes/events': 1, '/nodes/1/v1/events': 1 };
      await expect.poll(() => front.streams, PATIENT).toEqual(streams);
      await mine(first);
      await allAgree();
      await tabs.shift()?.close();
      await mine(first);
      await allAgree();
      // Each has all that was seen, the late ones too.
      for (const tab of tabs) expect(await tab.locator('.travel tbody tr').count()).toBeGreaterThan(3);
      await expect.poll(() => front.streams, PATIENT).toEqual(streams);
    },
    TEST_MS,
  );

  it(
    'keeps connections for requests, though each tab looks at another daemon',
    async () => {
      const profile = await explorer.profile();
      const tabs: Page[] = [];
      for (const index of daemons.keys()) {
        const tab = await explorer.openTab(profile, front.url, '/');
        await tab.getByLabel('Daemon that the pages look at').selectOption(`${index + 1}`);
        await tab.locator('.connection.live').waitFor();
        tabs.push(tab);
      }
      const mined = await mine(daemons[2] as TallyProcess, 2);
      await allSee(tabs, mined.at(-1));
      const later = await explorer.openTab(profile, front.url, '/network');
      await later.getByText(/in the last \d+ blocks/).waitFor();
      const open = Object.values(front.streams).reduce((sum, count) => sum + count, 0);
      expect(open).toBeLessThanOrEqual(3);
    },
    TEST_MS,
  );
});
