/**
 * What an execution went through. Instrumented code calls `hit` at the beginning of every branch; an edge is such a
 * place. Apart from everything else, for instrumented modules import this one.
 */

/** More than `src/` and the libraries beside it have. */
const MAX_EDGES = 1 << 17;

const counts = new Uint32Array(MAX_EDGES);
const touched = new Uint32Array(MAX_EDGES);
let touchedCount = 0;
let edges = 0;

/** A literal of the code. */
export type Token = string | number;

/** A module whose branches are counted. */
export interface InstrumentedModule {
  readonly url: string;
  readonly firstEdge: number;
  readonly edges: number;
  /** Literals that its code compares with: what inputs may have to hold. */
  readonly tokens: readonly Token[];
}

const modules: InstrumentedModule[] = [];

export function hit(edge: number): void {
  if ((counts[edge] as number) === 0) touched[touchedCount++] = edge;
  counts[edge] = (counts[edge] as number) + 1;
}

/** @returns the number of the module's first edge */
export function addModule(url: string, moduleEdges: number, tokens: readonly Token[]): number {
  const firstEdge = edges;
  edges += moduleEdges;
  if (edges > MAX_EDGES) throw new RangeError(`more than ${MAX_EDGES} edges`);
  modules.push({ url, firstEdge, edges: moduleEdges, tokens });
  return firstEdge;
}

/** Forgets what was gone through. */
export function beginExecution(): void {
  for (let at = 0; at < touchedCount; at++) counts[touched[at] as number] = 0;
  touchedCount = 0;
}

/** Of the counts of an edge, those that make a difference: once, twice, three times, and by powers of two. */
const BUCKETS = 8;
export const MAX_FEATURES = MAX_EDGES * BUCKETS;

function bucketOf(count: number): number {
  if (count <= 3) return count - 1;
  if (count < 8) return 3;
  if (count < 16) return 4;
  if (count < 32) return 5;
  return count < 128 ? 6 : 7;
}

/** Calls back for each feature (an edge, and how often it was gone through) of the execution. */
export function forEachFeature(call: (feature: number) => void): void {
  for (let at = 0; at < touchedCount; at++) {
    const edge = touched[at] as number;
    call(edge * BUCKETS + bucketOf(counts[edge] as number));
  }
}

export function edgeOf(feature: number): number {
  return Math.floor(feature / BUCKETS);
}

/** The literals of the modules that any of these edges is in. */
export function tokensOf(reached: ReadonlySet<number>): Token[] {
  const used = modules.filter(({ edges: count, firstEdge }) => {
    for (let edge = firstEdge; edge < firstEdge + count; edge++) if (reached.has(edge)) return true;
    return false;
  });
  return [...new Set(used.flatMap(({ tokens }) => tokens))];
}
