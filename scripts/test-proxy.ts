/**
 * The explorer behind nginx, configured by the very lines that docs/explorer.md tells: a real daemon on loopback, nginx
 * with all else as it is by default, and a browser that knows the proxy only.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readApiToken } from '../src/api/token.ts';
import { EVENTS_HEARTBEAT_MS } from '../src/client/routes.ts';
import { ExplorerNetwork, mine } from '../test/support/explorer-network.ts';
import { Explorer } from '../test/support/explorer-page.ts';
import { fillPayment, makeWallet, send } from '../test/support/explorer-wallet.ts';
import type { TallyProcess } from '../test/support/tally-process.ts';
import { must, until } from './lab-hosts.ts';

const NAME = 'ledger.example';
const DOCS = new URL('../docs/explorer.md', import.meta.url);
/** As the docs have it, and as the daemon has it unless told otherwise. */
const DOCUMENTED_API = 'http://127.0.0.1:8141';
/** nginx gives up on an answer that is silent for so long. */
const NGINX_READ_TIMEOUT_MS = 60_000;
const START_DEADLINE_MS = 10_000;

/** The blocks of nginx's configuration in the docs, by where they put the page. */
async function documentedBlocks(): Promise<Map<string, string>> {
  const text = await readFile(DOCS, 'utf8');
  const blocks = [...text.matchAll(/^```nginx\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return new Map(blocks.map((block) => [/^location (\S+)/.exec(block)?.[1] ?? '', block]));
}

class Nginx {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** @param block of a server's configuration */
  static async start(block: string): Promise<Nginx> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'tally-nginx-'));
    // Started by root it works as a user of its own.
    await chmod(folder, 0o755);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
      .join(' ');
    // What differs from Debian's is only where it keeps things, and where it listens.
    const configuration = `daemon off; pid ${folder}/pid; error_log stderr;
events { worker_connections 768; }
http {
  ${temporary} access_log off;
  sendfile on; tcp_nopush on; default_type application/octet-stream; gzip on;
  server {
    listen 127.0.0.1:${port};
${block}
  }
}
`;
    const file = join(folder, 'nginx.conf');
    await writeFile(file, configuration);
    const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const nginx = new Nginx(port, child, folder);
    await until(
      'nginx answers',
      START_DEADLINE_MS,
      async () => {
        if (child.exitCode !== null) throw new Error('nginx ended');
        return await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
      },
      () => true,
    );
    return nginx;
  }

  /** As the browser calls it. */
  get url(): string {
    return `http://${NAME}:${this.port}`;
  }

  /** As a stranger with a tool calls it. */
  async post(path: string, body: object, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isLive(page: Page, daemon: TallyProcess): Promise<void> {
  await page.locator('.connection.live').waitFor();
  const [id] = await mine(daemon);
  await page.locator(`[data-block="${id}"].is-tip`).waitFor();
}

async function paysFromTheWallet(page: Page, daemon: TallyProcess): Promise<void> {
  await makeWallet(page);
  const miner = (await page.locator('.whole-address code').textContent()) ?? '';
  await daemon.client.call('mine', { body: { blocks: 1, miner } });
  await mine(daemon);
  await fillPayment(page, 'miner', '5');
  await send(page);
  await mine(daemon);
  await page.locator('.sent-list', { hasText: '1 confirmation' }).waitFor();
}

async function strangersMayOnlyLook(nginx: Nginx, token: string): Promise<void> {
  const orders: [string, object][] = [
    ['/v1/mine', { blocks: 1 }],
    ['/v1/mining', { active: true }],
    ['/v1/peers', { addresses: ['/ip4/127.0.0.1/tcp/1'] }],
    ['/v1/chain/resolve', {}],
  ];
  for (const [path, body] of orders) {
    must((await nginx.post(path, body)) === 401, `POST ${path} is refused without the token`);
  }
  must(
    (await nginx.post('/v1/mining', { active: false }, { authorization: `Bearer ${token}` })) === 200,
    'and obeyed with it',
  );
  must(
    (await nginx.post('/v1/transactions', {}, { origin: 'https://evil.example' })) === 403,
    'a page from elsewhere may not even submit',
  );
}

async function test(explorer: Explorer, network: ExplorerNetwork): Promise<void> {
  const blocks = await documentedBlocks();
  const data = join(network.folder, 'data');
  const daemon = await network.start([], { data });
  const { api } = await daemon.started;
  const token = (await readApiToken(data)) ?? '';
  const behind = async (name: string, block: string | undefined, check: (nginx: Nginx) => Promise<void>) => {
    console.log(`${name}:`);
    if (block?.includes(DOCUMENTED_API) !== true) throw new Error('docs/explorer.md has no such block');
    const nginx = await Nginx.start(block.replace(DOCUMENTED_API, api));
    try {
      await check(nginx);
      const complaints = await explorer.closePages();
      must(complaints.length === 0, `the browser complains of nothing ${complaints.join(', ')}`);
    } finally {
      await nginx.stop();
    }
  };
  await mine(daemon, 3);

  await behind('As the docs have it', blocks.get('/'), async (nginx) => {
    must((blocks.get('/') ?? '').trim().split('\n').length === 5, 'it is five lines');
    const page = await explorer.open(nginx.url);
    await isLive(page, daemon);
    must(true, 'the page is there, and a block appears as it is mined');
    must(2 * EVENTS_HEARTBEAT_MS < NGINX_READ_TIMEOUT_MS, 'a silent stream is not silent for too long');
    await paysFromTheWallet(await explorer.open(nginx.url, '/wallet'), daemon);
    must(true, 'a wallet is made and pays');
    await strangersMayOnlyLook(nginx, token);
    explorer.expected.push('/v1/chain/resolve');
    const peers = await explorer.open(nginx.url, '/peers');
    await peers.getByRole('button', { name: 'Ask all peers now' }).click();
    await peers.getByText('so this needs its token').waitFor();
    await peers.getByLabel('Token').fill(token);
    await peers.getByRole('button', { name: 'Use', exact: true }).click();
    await peers.getByRole('button', { name: 'Ask all peers now' }).click();
    await peers.getByText('There is no peer to ask').waitFor();
    must(true, 'the page asks for the token, and obeys with it');
  });

  await behind('Below a path, as the docs have it', blocks.get('/ledger/'), async (nginx) => {
    await isLive(await explorer.open(`${nginx.url}/ledger`), daemon);
    must(true, 'the page is there, and a block appears as it is mined');
    await paysFromTheWallet(await explorer.open(`${nginx.url}/ledger`, '/wallet'), daemon);
    must(true, 'a wallet is made and pays');
    must((await nginx.post('/ledger/v1/mine', { blocks: 1 })) === 401, 'strangers may only look');
  });

  const bare = `location / { proxy_pass ${DOCUMENTED_API}; }`;
  await behind('By the defaults alone', bare, async (nginx) => {
    await isLive(await explorer.open(nginx.url), daemon);
    must(true, 'the page is there, and a block appears as it is mined');
    await strangersMayOnlyLook(nginx, token);
  });
}

if (spawnSync('nginx', ['-v']).error !== undefined) {
  console.error('proxy: nginx is not installed: apt-get install nginx-light');
  process.exit(1);
}
const explorer = new Explorer();
await explorer.start([NAME]);
const network = await ExplorerNetwork.create('proxy test');
try {
  await test(explorer, network);
  console.log('proxy: passed');
} catch (error) {
  console.error(`proxy: failed: ${error instanceof Error ? error.message : error}`);
  for (const complaint of explorer.complaints) console.error(`  the browser: ${complaint}`);
  process.exitCode = 1;
} finally {
  await explorer.close();
  await network.close();
}
