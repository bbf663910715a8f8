/** Faults and attacks that are only named on the command line: when they happen and how much. */
import { ATTACK_KINDS, type AttackPlan, type Fault } from '../../simulation/scenario.ts';
import { UsageError } from '../errors.ts';

/** An attack that is only named has this percent of the honest hash power: a sixth of all. */
const ATTACK_HASHPOWER = 20;

/** So much of each that the run shows it, as long as it lasts. */
const FAULTS = {
  partition: { share: 0.35 },
  crash: { nodes: 3, powerCut: true },
  churn: { everySeconds: 10, downSeconds: 60 },
  disturbance: { loss: 0.1, duplication: 0.1, reordering: 0.1 },
  slow: { nodes: 3, delayMs: 2_000 },
  clock: { nodes: 1, offsetMs: 60_000 },
  hashpower: { factor: 3 },
} as const satisfies {
  [Kind in Fault['kind']]: Omit<Extract<Fault, { kind: Kind }>, 'kind' | 'atSeconds' | 'forSeconds'>;
};

/** In the middle third of the run. @returns undefined if no kind of fault is called that */
export function faultNamed(name: string, hours: number): object | undefined {
  if (!Object.hasOwn(FAULTS, name)) return undefined;
  const third = 1_200 * hours;
  return { kind: name, ...FAULTS[name as Fault['kind']], atSeconds: third, forSeconds: third };
}

/**
 * From the first tenth of the run to the last.
 *
 * @throws UsageError if no kind of attack is called that
 */
export function attackNamed(name: string, hours: number): AttackPlan {
  const kind = ATTACK_KINDS.find((each) => each === name);
  if (kind === undefined) {
    throw new UsageError(`no attack is called ${name}; there are ${ATTACK_KINDS.join(', ')}`);
  }
  return { kind, hashpower: ATTACK_HASHPOWER, atSeconds: 360 * hours, forSeconds: 2_880 * hours };
}
