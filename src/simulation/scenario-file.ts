/**
 * A scenario file: one JSON object, every field optional. Times are virtual; unknown fields are refused.
 *
 *     name, description      text, for people
 *     seed                   all chance comes from it; whole number
 *     nodes                  honest ones, numbered from 0; 1 to 100,000
 *     hours                  0.001 to 720
 *     blockIntervalSeconds   on average; 0.01 to 86,400
 *     latency                "lan", "planet" or milliseconds one way, "0" to "60000"
 *     megabitsPerSecond      of every node, up and down; absent: no limit
 *     hashpower              percent of nodes 0, 1, 2, …, together 100; the other nodes do not mine
 *     transactionsPerSecond  payments of users; 0 to 10,000
 *     wallets                that pay each other; 0 to 1,024, at least 2 if there are payments
 *     peers                  nodes each node is told of at the start; 1 to 100
 *     maxBlockBytes          SSZ bytes; 1,384 to 2,097,152
 *     maxPoolBytes           SSZ bytes of every pool; absent: the daemon's default
 *     faults                 up to 100, each with kind, atSeconds, forSeconds, and by kind
 *         partition          share of the nodes (0 to 1) cut off; oneWay: they hear the others and are not heard
 *         crash              nodes that die, may lose what was not safe on disk, and come back; powerCut: without a word
 *         churn              everySeconds a node stops, for downSeconds, both on average
 *         disturbance        loss, duplication, reordering of messages: probabilities
 *         slow               nodes that send and receive everything delayMs later
 *         clock              nodes whose clocks are offsetMs ahead (behind: negative)
 *         hashpower          factor on the hash power of all
 *     attacks                up to 100, each with kind, atSeconds, forSeconds, and if wanted
 *                            nodes (identities; eclipse: four each), hashpower (percent of all honest
 *                            hash power, on top of it), gamma (selfish mining: share of the honest that
 *                            hear of its block first in a tie)
 *
 * Faults and attacks end before the run does: afterwards the network has to come to terms undisturbed.
 */
import Type, { type TSchema } from 'typebox';
import Value from 'typebox/value';
import { latencyModel } from './latency.ts';
import { ATTACK_KINDS, DEFAULTS, type Fault, type Scenario } from './scenario.ts';

/** A node takes some 100 kB: this is what a machine of 32 GB holds, with its blocks. */
const MAX_NODES = 100_000;
/** A month, which takes a day. */
const MAX_HOURS = 720;

/** What fractions of hours come to in seconds. */
const ROUNDING_SECONDS = 0.001;

const Seconds = Type.Number({ minimum: 0, maximum: MAX_HOURS * 3_600 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 1, maximum: MAX_NODES });
const span = { atSeconds: Seconds, forSeconds: Seconds };
const strict = { additionalProperties: false };

/** By kind: a mistake in one is told by what that kind may have. */
const FAULTS: Readonly<Record<Fault['kind'], TSchema>> = {
  partition: kindOf('partition', { share: Share, oneWay: Type.Optional(Type.Boolean()) }),
  crash: kindOf('crash', { nodes: Count, powerCut: Type.Optional(Type.Boolean()) }),
  churn: kindOf('churn', { everySeconds: Type.Number({ minimum: 0.01 }), downSeconds: Seconds }),
  disturbance: kindOf('disturbance', {
    loss: Type.Optional(Share),
    duplication: Type.Optional(Share),
    reordering: Type.Optional(Share),
  }),
  slow: kindOf('slow', { nodes: Count, delayMs: Type.Number({ minimum: 0, maximum: 60_000 }) }),
  clock: kindOf('clock', {
    nodes: Count,
    offsetMs: Type.Integer({ minimum: -3_600_000, maximum: 3_600_000 }),
  }),
  hashpower: kindOf('hashpower', { factor: Type.Number({ minimum: 0.001, maximum: 1_000 }) }),
};

const ATTACK_FIELDS = {
  nodes: Type.Optional(Count),
  hashpower: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
  gamma: Type.Optional(Share),
};
const ATTACKS = Object.fromEntries(ATTACK_KINDS.map((kind) => [kind, kindOf(kind, ATTACK_FIELDS)]));

function kindOf(kind: string, fields: Record<string, TSchema>): TSchema {
  return Type.Object({ kind: Type.Literal(kind), ...fields, ...span }, strict);
}

const SCENARIO = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 100 })),
    description: Type.Optional(Type.String({ maxLength: 1_000 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    nodes: Type.Optional(Count),
    hours: Type.Optional(Type.Number({ minimum: 0.001, maximum: MAX_HOURS })),
    blockIntervalSeconds: Type.Optional(Type.Number({ minimum: 0.01, maximum: 86_400 })),
    latency: Type.Optional(Type.String()),
    megabitsPerSecond: Type.Optional(Type.Number({ minimum: 0.001 })),
    hashpower: Type.Optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 100 }), { minItems: 1, maxItems: MAX_NODES }),
    ),
    transactionsPerSecond: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000 })),
    // A genesis has so many allocations.
    wallets: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_024 })),
    peers: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    // The limits of a network definition.
    maxBlockBytes: Type.Optional(Type.Integer({ minimum: 1_384, maximum: 2_097_152 })),
    // A few payments fit in, or none would ever be relayed.
    maxPoolBytes: Type.Optional(Type.Integer({ minimum: 2_000 })),
    faults: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100 })),
    attacks: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100 })),
  },
  strict,
);

/** Percents are written with a few digits: 33.3, 33.3, 33.3. */
const PERCENT_TOLERANCE = 0.5;

/**
 * @param json what the file says, with what the caller wants otherwise
 * @throws RangeError naming the field and what it may be
 */
export function parseScenario(json: unknown): Scenario {
  demand(SCENARIO, json, 'the scenario', '');
  const scenario = { ...DEFAULTS, ...(json as Partial<Scenario>) };
  for (const [index, fault] of scenario.faults.entries())
    demandKind(FAULTS, fault, `faults.${index}`, scenario);
  for (const [index, plan] of scenario.attacks.entries())
    demandKind(ATTACKS, plan, `attacks.${index}`, scenario);
  latencyModel(scenario.latency, '');
  demandHashpower(scenario);
  if (scenario.transactionsPerSecond > 0 && scenario.wallets < 2)
    throw new RangeError('wallets: payments go from one to another, so there must be at least 2');
  return scenario;
}

function demandHashpower({ hashpower, nodes }: Scenario): void {
  if (hashpower.length > nodes)
    throw new RangeError(`hashpower: ${hashpower.length} miners, and only ${nodes} nodes`);
  const sum = hashpower.reduce((total, percent) => total + percent, 0);
  if (Math.abs(sum - 100) > PERCENT_TOLERANCE) {
    throw new RangeError(`hashpower: ${Number(sum.toPrecision(6))} percent together, must be 100`);
  }
}

/** A fault or an attack: known, well formed, and over before the run is. */
function demandKind(
  schemas: Readonly<Record<string, TSchema>>,
  item: unknown,
  where: string,
  { hours }: Scenario,
): void {
  const { kind } = (item ?? {}) as { kind?: unknown };
  const schema = typeof kind === 'string' && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
  if (schema === undefined) {
    throw new RangeError(
      `${where}.kind: one of ${Object.keys(schemas).join(', ')}, not ${JSON.stringify(kind)}`,
    );
  }
  demand(schema, item, where, `${where}.`);
  const { atSeconds, forSeconds } = item as Fault;
  const endSeconds = atSeconds + forSeconds;
  if (endSeconds > hours * 3_600 + ROUNDING_SECONDS) {
    throw new RangeError(
      `${where}: it ends after ${endSeconds} s, the run after ${hours * 3_600} s: give it more hours, or end it earlier`,
    );
  }
}

/** @throws RangeError with the first thing that is wrong */
function demand(schema: TSchema, value: unknown, whole: string, prefix: string): void {
  const [error] = Value.Errors(schema, value);
  if (error === undefined) return;
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const where = path === '' ? whole : `${prefix}${path}`;
  // What is not in a strict object may be nothing at all.
  throw new RangeError(`${where}: ${error.keyword === 'boolean' ? 'there is no such field' : error.message}`);
}
