/** A rule that must hold in every simulation, whatever happens to honest nodes. One checker, one rule, one file. */
import type { NodeEvent } from '../../node/events.ts';
import type { Load } from '../load.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';

export interface Violation {
  /** The checker's name. */
  readonly check: string;
  /** Virtual ms since the start. */
  readonly atMs: number;
  /** Events of the trace before it: `--stop-at` takes a replay there. */
  readonly event: number;
  readonly machine?: string;
  readonly message: string;
}

export interface CheckContext {
  readonly world: World;
  readonly load: Load;
  /** A violation. The run goes on. */
  report(message: string, machine?: Machine): void;
}

export interface Check {
  /** Each event of an honest node. */
  onEvent?(machine: Machine, event: NodeEvent): void;
  /** Every ten virtual seconds. */
  during?(): void;
  /** An honest node runs again after it crashed or stopped. */
  onRestart?(machine: Machine): void;
  /** After the last fault healed, the attackers left and the network had time to agree. */
  atEnd?(): void | Promise<void>;
  /** The run is over, one way or the other. */
  end?(): void;
}

export type CreateCheck = (context: CheckContext) => Check;
