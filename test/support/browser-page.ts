/** A bundle as a page would load it, and a page: a context with what browsers have, and nothing of Node. */
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const ENTRY = 'entry';

/** Code by its file's name; some of it is loaded only when it is needed. */
export type Bundle = ReadonlyMap<string, string>;

export async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    // Of all formats with files of their own for what is loaded later, the one a context can run.
    build: { write: false, lib: { entry, formats: ['cjs'], fileName: () => ENTRY } },
  });
  const [{ output }] = result as Rolldown.RolldownOutput[] as [Rolldown.RolldownOutput];
  return new Map(output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : '']));
}

/** Bytes on the line. */
export function gzippedBytes(code: Iterable<string>): number {
  return [...code].reduce((sum, one) => sum + gzipSync(one).length, 0);
}

export class Page {
  /** Names of the files loaded so far. */
  readonly loaded = new Set<string>();
  readonly #bundle: Bundle;
  readonly #context: object;
  readonly #modules = new Map<string, unknown>();

  constructor(files: Bundle) {
    this.#bundle = files;
    this.#context = createContext({ ...browserGlobals(), console });
    runInContext('globalThis.self = globalThis.window = globalThis;', this.#context);
    Object.assign(this.#context, { tallystick: this.#load(ENTRY) });
  }

  /**
   * Runs an async function with the bundle as `tallystick`.
   *
   * @param source of the function, which takes `given`
   * @param given goes in as JSON, and the answer comes out as JSON, for a page has types of its own; bigint becomes text
   */
  async run<T>(source: string, given: unknown): Promise<T> {
    Object.assign(this.#context, { given: JSON.stringify(given) });
    const answer = await runInContext(
      `(${source})(JSON.parse(given)).then((value) =>
        JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one)))`,
      this.#context,
    );
    return JSON.parse(answer as string) as T;
  }

  /** In the place of a browser's own loader. @throws Error for whatever is not in the bundle */
  #load(name: string): unknown {
    const known = this.#modules.get(name);
    if (known !== undefined) return known;
    const code = this.#bundle.get(name);
    if (code === undefined) throw new Error(`a page has no ${name}`);
    this.loaded.add(name);
    const module = { exports: {} };
    this.#modules.set(name, module.exports);
    const run = runInContext(`(function (require, module, exports) {${code}\n})`, this.#context, {
      filename: name,
    });
    run((wanted: string) => this.#load(wanted.replace(/^\.\//, '')), module, module.exports);
    this.#modules.set(name, module.exports);
    return module.exports;
  }
}

/** What JavaScript has by itself comes with the context. */
function browserGlobals(): object {
  const {
    AbortController,
    AbortSignal,
    ReadableStream,
    Response,
    atob,
    btoa,
    clearTimeout,
    crypto,
    fetch,
    performance,
  } = globalThis;
  const { setTimeout, TextDecoder, TextDecoderStream, TextEncoder } = globalThis;
  const { TransformStream, URL, URLSearchParams } = globalThis;
  return {
    ...{
      AbortController,
      AbortSignal,
      ReadableStream,
      Response,
      atob,
      btoa,
      clearTimeout,
      crypto,
      fetch,
      performance,
    },
    ...{ setTimeout, TextDecoder, TextDecoderStream, TextEncoder },
    ...{ TransformStream, URL, URLSearchParams },
  };
}
