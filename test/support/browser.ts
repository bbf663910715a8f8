/** A Chromium for tests and scripts: an installed one, else the one that an npm package brings. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Names another. */
const VARIABLE = 'CHROMIUM_PATH';
const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** Where there are fonts, they are more than the one that comes with the package. */
const SYSTEM_FONTS = '/usr/share/fonts/truetype';
/** As root there is no sandbox; and it never asks anybody for anything but our page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Headless. The caller closes it. @param names that mean this machine to it, such as `ledger.example` */
export async function launchBrowser(names: readonly string[] = []): Promise<Browser> {
  const { env, path } = await findChromium();
  const rules = names.map((name) => `MAP ${name} 127.0.0.1`).join(',');
  const args = rules === '' ? FLAGS : [...FLAGS, `--host-resolver-rules=${rules}`];
  return await chromium.launch({ executablePath: path, args, headless: true, env });
}

interface Found {
  readonly path: string;
  readonly env: Record<string, string>;
}

async function findChromium(): Promise<Found> {
  const given = process.env[VARIABLE];
  const path = given ?? INSTALLED.find((one) => existsSync(one));
  return path === undefined ? await unpackChromium() : { path, env: ownEnvironment() };
}

/**
 * The package is made for Amazon's servers; told it is on one, it also unpacks the libraries and fonts that a bare
 * machine lacks, and names them in our environment. That is for the browser only, not for the daemons we start.
 */
async function unpackChromium(): Promise<Found> {
  const before = { ...process.env };
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs24.x';
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    const path = await packaged.executablePath();
    if (existsSync(SYSTEM_FONTS)) delete process.env.FONTCONFIG_PATH;
    return { path, env: ownEnvironment() };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** With a language: in none, which is what a bare machine has, Chromium calls its own by a name it refuses. */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...process.env, LANG: 'en_GB.UTF-8', LC_ALL: 'en_GB.UTF-8' }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
