/** Reads what `docker compose logs` prints of the four daemons, as a person would: every line has to be worth its place. */

/** A line wider than this wraps in a window of usual size, the time and compose's own column counted. */
const MAX_COLUMNS = 150;

const TIME = String.raw`\d\d:\d\d:\d\d\.\d{3}`;
const BLOCK = String.raw`#\d+ [0-9a-f]{1,8}…`;
const NAMES = String.raw`node-\d(?:, node-\d)*(?: and node-\d)?`;
const FROM = String.raw`(?:mined here|fetched|arrived|from node-\d)`;
const NOTE = `(?: +⑂ (?:a fork.*|lengthens the fork|ends the fork: .* left behind))?`;

/** Every kind of line there is in a network in which nothing goes wrong. */
const SHAPES: readonly RegExp[] = [
  new RegExp(`^${TIME}  ▣ ${BLOCK} +${FROM} +(?:\\+\\d+ ms)? +\\d+ tx${NOTE}$`),
  new RegExp(`^${TIME}  [▣⑂] #\\d+ to #\\d+   [\\d,]+ blocks`),
  new RegExp(`^${TIME}  ⑂ ${BLOCK} +ends the fork above #\\d+: this node turns to it, .* left behind`),
  new RegExp(`^${TIME}  → [0-9a-f]{8}…  [\\d.]+ tally to tally1\\S+…  (?:sent here|from node-\\d)$`),
  new RegExp(`^${TIME}  ✓ [0-9a-f]{8}…  [\\d.]+ tally to tally1\\S+…  confirmed in #\\d+$`),
  new RegExp(`^${TIME}  ⇄ connected with ${NAMES}$`),
  new RegExp(`^${TIME}  ● ${BLOCK} +\\d peers?   \\d+ tx waiting(?:   mines at [\\d.]+ [kM]?H/s)?$`),
  new RegExp(`^${TIME}  [→⑂] and [\\d,]+ more (?:transactions?|blocks? of (?:a fork|forks)) in 5 s$`),
  new RegExp(`^${TIME}  (?:… catching up: |✓ in step at )`),
];
const GREETING: readonly RegExp[] = [
  /^Tallystick \S+ node-\d, network dev \([0-9a-f]{8}…\), a block about every 5\.0 s(?: \(faster while it is new\))?, (?:not mining|mining with 1 thread to tally1\S+…)$/,
  /^page and API: http:\/\/127\.0\.0\.1:814\d · peers: \/ip4\/[\d.]+\/tcp\/4141 · ledger and wallet: \/data$/,
  /^in this container: tally status, tally balance, tally send ADDRESS 1\.5$/,
];

export interface ComposeLine {
  /** The service, as compose's column says it. */
  readonly node: string;
  readonly text: string;
}

/** @param log as `docker compose up` or `docker compose logs` prints it */
export function readComposeLog(log: string): ComposeLine[] {
  return log.split('\n').flatMap((line) => {
    const [, node, text] = /(node-\d)-1 *\| (.*)$/.exec(line) ?? [];
    return node === undefined || text === undefined ? [] : [{ node, text: text.trimEnd() }];
  });
}

/** What is wrong with the log as something to read; nothing: empty. */
export function faultsOf(lines: readonly ComposeLine[]): string[] {
  return lines.flatMap(({ node, text }) => {
    const isKnown = [...SHAPES, ...GREETING].some((shape) => shape.test(text));
    const isWide = [...text].length > MAX_COLUMNS;
    return [
      ...(isKnown ? [] : [`${node}: a line that says nothing one knows: ${text}`]),
      ...(isWide ? [`${node}: wider than ${MAX_COLUMNS} columns: ${text}`] : []),
    ];
  });
}

/** The story of the log: each is the number of nodes that tell it. */
export interface Story {
  /** A payment, from its coming to its being in a block. */
  readonly paid: number;
  readonly confirmed: number;
  /** A fork, as one that began and as one that is over. */
  readonly forked: number;
  readonly forkEnded: number;
  /** A block that one node mined and all others have from another. */
  readonly travelled: number;
}

export function storyOf(lines: readonly ComposeLine[]): Story {
  const nodes = (pattern: RegExp): number =>
    new Set(lines.filter(({ text }) => pattern.test(text)).map(({ node }) => node)).size;
  const mined = lines.flatMap(({ text }) => /▣ (#\d+ [0-9a-f]+…) +mined here/.exec(text)?.[1] ?? []);
  return {
    paid: nodes(/→ .* (?:sent here|from node-\d)$/),
    confirmed: nodes(/✓ .* confirmed in #\d+$/),
    forked: nodes(/⑂ a fork/),
    forkEnded: nodes(/ends the fork/),
    travelled: Math.max(
      0,
      ...mined.map((block) => nodes(new RegExp(`▣ ${block} +from node-\\d +\\+\\d+ ms`))),
    ),
  };
}
