/**
 * A scenario file: JSON with the fields of `Scenario`, all of them optional. Times are virtual seconds, sizes SSZ
 * bytes, shares 0 to 1, hash power percent.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { latencyModel } from './latency.ts';
import { ATTACK_KINDS, DEFAULTS, type Scenario } from './scenario.ts';

/** A node takes some 100 kB: this is what a machine of 32 GB holds, with its blocks. */
const MAX_NODES = 100_000;
/** A month, which takes a day. */
const MAX_HOURS = 720;

const Seconds = Type.Number({ minimum: 0, maximum: MAX_HOURS * 3_600 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 1, maximum: MAX_NODES });
const span = { atSeconds: Seconds, forSeconds: Seconds };
const strict = { additionalProperties: false };

const FaultSchema = Type.Union([
  Type.Object(
    { kind: Type.Literal('partition'), share: Share, oneWay: Type.Optional(Type.Boolean()), ...span },
    strict,
  ),
  Type.Object(
    { kind: Type.Literal('crash'), nodes: Count, powerCut: Type.Optional(Type.Boolean()), ...span },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('churn'),
      everySeconds: Type.Number({ minimum: 0.01 }),
      downSeconds: Seconds,
      ...span,
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('disturbance'),
      loss: Type.Optional(Share),
      duplication: Type.Optional(Share),
      reordering: Type.Optional(Share),
      ...span,
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('slow'),
      nodes: Count,
      delayMs: Type.Number({ minimum: 0, maximum: 60_000 }),
      ...span,
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('clock'),
      nodes: Count,
      offsetMs: Type.Integer({ minimum: -3_600_000, maximum: 3_600_000 }),
      ...span,
    },
    strict,
  ),
  Type.Object(
    { kind: Type.Literal('hashpower'), factor: Type.Number({ minimum: 0.001, maximum: 1_000 }), ...span },
    strict,
  ),
]);

const AttackSchema = Type.Object(
  {
    kind: Type.Union(ATTACK_KINDS.map((kind) => Type.Literal(kind))),
    nodes: Type.Optional(Count),
    hashpower: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
    gamma: Type.Optional(Share),
    ...span,
  },
  strict,
);

const ScenarioSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 100 })),
    description: Type.Optional(Type.String({ maxLength: 1_000 })),
    seed: Type.Optional(Type.Integer({ minimum: 0 })),
    nodes: Type.Optional(Count),
    hours: Type.Optional(Type.Number({ minimum: 0.001, maximum: MAX_HOURS })),
    blockIntervalSeconds: Type.Optional(Type.Number({ minimum: 0.01, maximum: 86_400 })),
    latency: Type.Optional(Type.String()),
    megabitsPerSecond: Type.Optional(Type.Number({ minimum: 0.001 })),
    hashpower: Type.Optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 100 }), { minItems: 1, maxItems: MAX_NODES }),
    ),
    transactionsPerSecond: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000 })),
    wallets: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_024 })),
    peers: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    maxBlockBytes: Type.Optional(Type.Integer({ minimum: 1_384, maximum: 2_097_152 })),
    maxPoolBytes: Type.Optional(Type.Integer({ minimum: 2_000 })),
    faults: Type.Optional(Type.Array(FaultSchema, { maxItems: 100 })),
    attacks: Type.Optional(Type.Array(AttackSchema, { maxItems: 100 })),
  },
  strict,
);

/**
 * @param json what the file says, with what the caller wants otherwise
 * @throws RangeError naming the field and what it may be
 */
export function parseScenario(json: unknown): Scenario {
  const [error] = Value.Errors(ScenarioSchema, json);
  if (error !== undefined) {
    const where =
      error.instancePath === '' ? 'the scenario' : error.instancePath.slice(1).replaceAll('/', '.');
    throw new RangeError(`${where}: ${error.message}${detailOf(error.params)}`);
  }
  const scenario = { ...DEFAULTS, ...(json as Partial<Scenario>) };
  latencyModel(scenario.latency, '');
  const sum = scenario.hashpower.reduce((total, percent) => total + percent, 0);
  if (sum > 100.001) throw new RangeError(`hashpower: ${sum} percent together, at most 100`);
  return scenario;
}

function detailOf(params: object): string {
  const { additionalProperties } = params as { additionalProperties?: readonly string[] };
  return additionalProperties === undefined ? '' : `: ${additionalProperties.join(', ')}`;
}
