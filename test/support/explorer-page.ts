/** The explorer in a real browser. Whatever the browser complains about is collected, to be asserted empty. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';

/** No test waits longer for something to be seen. */
const DEADLINE_MS = 15_000;

export class Explorer {
  #browser: Browser | undefined;
  /** Console errors, failures of scripts, requests that failed or were refused. */
  readonly complaints: string[] = [];
  /** What a test brings about on purpose: parts of URLs or of texts. */
  readonly expected: string[] = [];
  readonly #profiles: BrowserContext[] = [];

  /** Before anything is opened. @param names that mean this machine to the browser, such as `ledger.example` */
  async start(names: readonly string[] = []): Promise<void> {
    this.#browser = await launchBrowser(names);
  }

  /** In a browser profile of its own. @param path behind `#`, such as `/pool` */
  async open(api: string, path = '/', options: BrowserContextOptions = {}): Promise<Page> {
    return await this.openTab(await this.profile(options), api, path);
  }

  /** What the tabs of one browser have in common: storage, connections, workers. */
  async profile(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#started.newContext({
      viewport: { width: 1_280, height: 860 },
      reducedMotion: 'reduce',
      ...options,
    });
    this.#profiles.push(context);
    return context;
  }

  async openTab(profile: BrowserContext, api: string, path = '/'): Promise<Page> {
    const page = await profile.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complain(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.#complain(String(error)));
    page.on('requestfailed', (request) => {
      // A page that is left gives up what it was asking for.
      if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
      this.#complain(`${request.url()} ${request.failure()?.errorText}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.#complain(`${response.url()} ${response.status()}`);
    });
    await page.goto(`${api}/#${path}`);
    return page;
  }

  /** As a browser does that runs out of memory: their tabs are told nothing. */
  async endSharedWorkers(): Promise<void> {
    const session = await this.#started.newBrowserCDPSession();
    const { targetInfos } = await session.send('Target.getTargets');
    const workers = targetInfos.filter(({ type }) => type === 'shared_worker');
    for (const { targetId } of workers) await session.send('Target.closeTarget', { targetId });
    await session.detach();
  }

  /** Ends a test's pages. @returns the complaints nobody expected */
  async closePages(): Promise<string[]> {
    await Promise.all(this.#profiles.splice(0).map((profile) => profile.close()));
    this.expected.length = 0;
    return this.complaints.splice(0);
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }

  get #started(): Browser {
    if (this.#browser === undefined) throw new Error('the browser was not started');
    return this.#browser;
  }

  #complain(text: string): void {
    if (!this.expected.some((part) => text.includes(part))) this.complaints.push(text);
  }
}
