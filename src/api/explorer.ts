/** The explorer page as it was built, read once at the daemon's start: nothing else of the disk is ever served. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

const BUILT = new URL('../../dist/web/', import.meta.url);
const PAGE = 'index.html';
const ASSETS = 'assets/';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

export interface ExplorerFile {
  /** Where it is served: `/`, `/assets/index-1a2b3c.js`. */
  readonly path: string;
  readonly type: string;
  /** Its name has a hash of its content: it never changes. */
  readonly immutable: boolean;
  readonly etag: string;
  readonly plain: Buffer;
  /** Compressed when it was built. */
  readonly brotli?: Buffer;
  readonly gzip?: Buffer;
}

/** @returns no files if the page was not built */
export async function readExplorer(folder: URL = BUILT): Promise<ExplorerFile[]> {
  const names = await namesIn(new URL(ASSETS, folder));
  const served = names.filter((name) => typeOf(name) !== undefined).map((name) => `${ASSETS}${name}`);
  const page = await readBuilt(folder, PAGE);
  if (page === undefined) return [];
  const assets = await Promise.all(served.map((name) => readBuilt(folder, name)));
  return [page, ...assets.filter((file) => file !== undefined)];
}

async function readBuilt(folder: URL, name: string): Promise<ExplorerFile | undefined> {
  const [plain, brotli, gzip] = await Promise.all(
    ['', '.br', '.gz'].map((ending) => readIfThere(new URL(`${name}${ending}`, folder))),
  );
  const type = typeOf(name);
  if (plain === undefined || type === undefined) return undefined;
  return {
    path: name === PAGE ? '/' : `/${name}`,
    type,
    immutable: name !== PAGE,
    etag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 32)}"`,
    plain,
    ...(brotli === undefined ? {} : { brotli }),
    ...(gzip === undefined ? {} : { gzip }),
  };
}

function typeOf(name: string): string | undefined {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)];
}

async function namesIn(folder: URL): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readIfThere(file: URL): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
