/** Runs the checkers beside a simulation and gathers what they find. */
import type { Load } from '../load.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { acknowledged } from './acknowledged.ts';
import { agreement } from './agreement.ts';
import { balances } from './balances.ts';
import { blame } from './blame.ts';
import { bounds } from './bounds.ts';
import type { Check, CreateCheck, Violation } from './check.ts';
import { disk } from './disk.ts';
import { failures } from './failures.ts';
import { forkChoice } from './fork-choice.ts';
import { pools } from './pools.ts';
import { relay } from './relay.ts';
import { supply } from './supply.ts';
import { validity } from './validity.ts';

/** Of each checker: the first ones tell, the others would only repeat it. */
const MAX_VIOLATIONS_EACH = 5;

const CHECKS: Readonly<Record<string, CreateCheck>> = {
  agreement,
  'fork-choice': forkChoice,
  balances,
  supply,
  validity,
  relay,
  acknowledged,
  pools,
  bounds,
  disk,
  failures,
  blame,
};

export class Checks {
  readonly violations: Violation[] = [];
  readonly #checks: readonly Check[];

  /** @param isOn false: none runs */
  constructor(world: World, load: Load, isOn: boolean) {
    this.#checks = Object.entries(isOn ? CHECKS : {}).map(([name, create]) =>
      create({ world, load, report: (message, machine) => this.#report(world, name, message, machine) }),
    );
    if (!isOn) return;
    world.subscribe((machine, event) => {
      if (machine.isAttacker) return;
      for (const check of this.#checks) check.onEvent?.(machine, event);
    });
  }

  during(): void {
    for (const check of this.#checks) check.during?.();
  }

  restarted(machine: Machine): void {
    for (const check of this.#checks) check.onRestart?.(machine);
  }

  async atEnd(): Promise<void> {
    for (const check of this.#checks) await check.atEnd?.();
  }

  /** Whatever comes of the run: lets go of what the checkers hold. */
  end(): void {
    for (const check of this.#checks) check.end?.();
  }

  #report(world: World, check: string, message: string, machine: Machine | undefined): void {
    if (this.violations.filter((violation) => violation.check === check).length >= MAX_VIOLATIONS_EACH)
      return;
    this.violations.push({
      check,
      atMs: world.elapsedMs,
      event: world.history.count,
      message,
      ...(machine === undefined ? {} : { machine: machine.name }),
    });
  }
}
