/** Runs the checkers beside a simulation and gathers what they find. */
import type { Load } from '../load.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Check, CreateCheck, Violation } from './check.ts';

/** Of each checker: the first ones tell, the others would only repeat it. */
const MAX_VIOLATIONS_EACH = 5;

const ALL: readonly { readonly name: string; readonly create: CreateCheck }[] = [];

export class Checks {
  readonly violations: Violation[] = [];
  readonly #checks: readonly Check[];

  constructor(world: World, load: Load, isOn: boolean) {
    this.#checks = (isOn ? ALL : []).map(({ create, name }) =>
      create({
        world,
        load,
        report: (message, machine) => {
          if (this.violations.filter(({ check }) => check === name).length >= MAX_VIOLATIONS_EACH) return;
          this.violations.push({
            check: name,
            atMs: world.elapsedMs,
            event: world.history.count,
            message,
            ...(machine === undefined ? {} : { machine: machine.name }),
          });
        },
      }),
    );
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
}
