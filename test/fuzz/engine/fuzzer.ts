/** Fuzzes one target: executes inputs, keeps those that go where none went before, and makes new ones of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Corpus } from './corpus.ts';
import { beginExecution, type Token, tokensOf } from './coverage.ts';
import { type Finding, findingKey } from './finding.ts';
import { type Materials, mutateBytes } from './mutate-bytes.ts';
import { mutateHttp } from './mutate-http.ts';
import { mutateJson } from './mutate-json.ts';
import { Chance } from './random.ts';
import { longestTurn, processorMs, STILL_MS } from './stillness.ts';
import { bytesOf, type FuzzTarget, type Session } from './target.ts';

/** With the counters in it, code takes about twice its time. */
const COUNTERS_FACTOR = 2;
const STILL_TRIES = 3;
const STACK_FRAMES = 8;
/** So many executions at most before promises without an owner are heard of. */
const TURN_EVERY = 256;
/** What a target may hold on to from its first quarter to its end, beyond its corpus. */
const MAX_GROWTH_BYTES = 64 * 1_024 * 1_024;
const MAX_MINIMISING = 1_000;
/** Words are taken anew when the corpus has grown by so many edges. */
const WORDS_EVERY_EDGES = 50;

const MUTATORS = { bytes: mutateBytes, json: mutateJson, http: mutateHttp };

export interface FuzzRun {
  readonly executions: number;
  /** `performance.now()` at which it ends, whatever is left. */
  readonly deadlineMs: number;
  readonly seed: number;
  /** Inputs kept from earlier runs. */
  readonly kept: readonly Uint8Array[];
  /** Told before each execution: a hang has an input then. */
  readonly onInput: (input: Uint8Array) => void;
  readonly onFinding: (finding: Finding) => void;
}

export interface FuzzResult {
  readonly executions: number;
  readonly seconds: number;
  readonly edges: number;
  /** Those that neither seeds nor kept inputs had. */
  readonly newEdges: number;
  readonly corpus: Corpus;
}

export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #run: FuzzRun;
  readonly #chance: Chance;
  readonly #corpus = new Corpus();
  readonly #found = new Set<string>();
  #session: Session | undefined;
  /** What this session has taken; if it has no state, what was taken since the last turn of the event loop. */
  #trail: Uint8Array[] = [];
  #executions = 0;
  readonly #stillMs: number;
  #tokens: readonly Uint8Array[] = [];
  #tokensAtEdges = 0;
  #rejections: unknown[] = [];

  constructor(target: FuzzTarget, run: FuzzRun) {
    this.#target = target;
    this.#run = run;
    this.#chance = new Chance(run.seed, target.name);
    this.#stillMs = COUNTERS_FACTOR * (target.stillMs ?? STILL_MS);
  }

  async run(): Promise<FuzzResult> {
    const onRejection = (error: unknown): void => void this.#rejections.push(error);
    process.on('unhandledRejection', onRejection);
    // Most inputs end in an error, and to note where takes longer than all the rest: done again for what is found.
    Error.stackTraceLimit = 0;
    try {
      return await this.#fuzz();
    } finally {
      await this.#session?.close?.();
      await nextTurn();
      process.off('unhandledRejection', onRejection);
    }
  }

  async #fuzz(): Promise<FuzzResult> {
    const begunMs = performance.now();
    for (const input of [...(await this.#target.seeds()), ...this.#run.kept]) await this.#execute(input);
    const firstEdges = this.#corpus.edges.size;
    const quarter = this.#executions + (this.#run.executions - this.#executions) / 4;
    let heapBytes: number | undefined;
    while (this.#executions < this.#run.executions && performance.now() < this.#run.deadlineMs) {
      if (heapBytes === undefined && this.#executions >= quarter) heapBytes = await this.#heap();
      await this.#execute(this.#next());
    }
    await nextTurn();
    this.#reportRejections();
    if (heapBytes !== undefined) await this.#checkGrowth(heapBytes);
    const { size: edges } = this.#corpus.edges;
    const seconds = (performance.now() - begunMs) / 1_000;
    return {
      executions: this.#executions,
      seconds,
      edges,
      newEdges: edges - firstEdges,
      corpus: this.#corpus,
    };
  }

  #next(): Uint8Array {
    const { maxBytes, shape } = this.#target;
    const materials: Materials = {
      chance: this.#chance,
      maxBytes,
      tokens: this.#words(),
      other: () => this.#corpus.pick(this.#chance),
    };
    return MUTATORS[shape](this.#corpus.pick(this.#chance), materials);
  }

  #words(): readonly Uint8Array[] {
    const { edges } = this.#corpus;
    if (edges.size >= this.#tokensAtEdges) {
      this.#tokensAtEdges = edges.size + WORDS_EVERY_EDGES;
      // Words of the format twice: they are few, and the code has many.
      const words = this.#target.words ?? [];
      this.#tokens = [...words, ...words, ...tokensOf(edges)].flatMap(tokenBytes);
    }
    return this.#tokens;
  }

  async #execute(input: Uint8Array): Promise<void> {
    const { renewEvery = Number.POSITIVE_INFINITY } = this.#target;
    if (this.#trail.length >= renewEvery) await this.#renew();
    this.#session ??= await this.#target.open();
    const session = this.#session;
    this.#trail.push(input);
    this.#run.onInput(input);
    this.#executions++;
    beginExecution();
    const begunMs = processorMs();
    let thrown: { error: unknown } | undefined;
    try {
      const running = session.execute(input);
      if (running !== undefined) await running;
    } catch (error) {
      thrown = { error };
    }
    const tookMs = processorMs() - begunMs;
    this.#corpus.take(input);
    if (thrown !== undefined) await this.#exception(input, thrown.error);
    else if (tookMs > this.#stillMs) await this.#checkStill(input);
    const isTurn = this.#executions % TURN_EVERY === 0;
    if (isTurn) await nextTurn();
    this.#reportRejections();
    // Without a state, what came before an unowned promise was heard of can be forgotten.
    if (isTurn && renewEvery === Number.POSITIVE_INFINITY) this.#trail = [];
  }

  async #renew(): Promise<void> {
    await this.#session?.close?.();
    this.#session = undefined;
    this.#trail = [];
  }

  async #exception(input: Uint8Array, error: unknown): Promise<void> {
    const alone = await this.#thrownBy([input]);
    const inputs = alone === undefined && this.#trail.length > 0 ? [...this.#trail] : [input];
    const again = alone ?? (await this.#thrownBy(inputs)) ?? error;
    const finding = this.#finding('exception', again, inputs);
    if (this.#isNew(finding)) {
      const least = alone === undefined ? inputs : [await this.#minimise(input, finding)];
      this.#run.onFinding({ ...finding, inputs: least.map(toBase64) });
    }
    // What it left behind may not be sound.
    await this.#renew();
  }

  /** Cuts out of the input whatever the same exception does without. */
  async #minimise(input: Uint8Array, finding: Finding): Promise<Uint8Array> {
    let least = input;
    let tries = 0;
    for (
      let length = Math.ceil(least.length / 2);
      length >= 1 && tries < MAX_MINIMISING;
      length = length >> 1
    ) {
      for (let at = 0; at < least.length && tries < MAX_MINIMISING; tries++) {
        const shorter = new Uint8Array(Buffer.concat([least.subarray(0, at), least.subarray(at + length)]));
        const error = await this.#thrownBy([shorter]);
        const isSame =
          error !== undefined &&
          findingKey(this.#finding('exception', error, [shorter])) === findingKey(finding);
        if (isSame) least = shorter;
        else at += length;
      }
    }
    return least;
  }

  /** @returns what a new session throws for the last of these inputs */
  async #thrownBy(inputs: readonly Uint8Array[]): Promise<unknown> {
    Error.stackTraceLimit = STACK_FRAMES;
    const session = await this.#target.open();
    let thrown: unknown;
    for (const input of inputs) {
      thrown = undefined;
      try {
        await session.execute(input);
      } catch (error) {
        thrown = error;
      }
    }
    await session.close?.();
    Error.stackTraceLimit = 0;
    return thrown;
  }

  /** Each time in a new session, where nothing is known yet: the least of them is the input's own. */
  async #checkStill(input: Uint8Array): Promise<void> {
    const stillMs = this.#stillMs;
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < STILL_TRIES && least > stillMs; tries++) {
      const session = await this.#target.open();
      await nextTurn();
      least = Math.min(least, await longestTurn(() => session.execute(input)));
      await session.close?.();
    }
    if (least <= stillMs) return;
    const message = `held the event loop for ${Math.round(least)} ms of processor time, at most ${stillMs}`;
    const finding: Finding = {
      target: this.#target.name,
      kind: 'slow',
      message,
      stack: '',
      inputs: [toBase64(input)],
    };
    if (this.#isNew({ ...finding, message: 'slow' })) this.#run.onFinding(finding);
  }

  #reportRejections(): void {
    for (const error of this.#rejections.splice(0)) {
      const finding = this.#finding('exception', error, this.#trail);
      if (this.#isNew(finding)) this.#run.onFinding(finding);
    }
  }

  async #checkGrowth(heapBytes: number): Promise<void> {
    const grown = (await this.#heap()) - heapBytes;
    if (grown <= MAX_GROWTH_BYTES) return;
    const message = `holds ${Math.round(grown / 2 ** 20)} MiB more than after a quarter of the executions`;
    this.#run.onFinding({ target: this.#target.name, kind: 'memory', message, stack: '', inputs: [] });
  }

  /** What is held beyond the corpus, a session just begun. */
  async #heap(): Promise<number> {
    await this.#renew();
    await nextTurn();
    globalThis.gc?.();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return heapUsed + arrayBuffers - this.#corpus.bytes;
  }

  #finding(kind: Finding['kind'], error: unknown, inputs: readonly Uint8Array[]): Finding {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    return { target: this.#target.name, kind, message, stack, inputs: inputs.map(toBase64) };
  }

  #isNew(finding: Finding): boolean {
    const key = findingKey(finding);
    if (this.#found.has(key)) return false;
    this.#found.add(key);
    return true;
  }
}

/** A number as digits, and as a byte or in as many as it takes, of either order. */
function tokenBytes(token: Token): Uint8Array[] {
  if (typeof token === 'string') return [bytesOf(token)];
  const little: number[] = [];
  for (let rest = token; rest > 0; rest = Math.floor(rest / 256)) little.push(rest % 256);
  const bytes = Uint8Array.from(little);
  return [bytesOf(String(token)), bytes, ...(bytes.length > 1 ? [bytes.toReversed()] : [])];
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
