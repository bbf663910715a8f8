/** Peers that keep others waiting: one kind never answers, the other lets its answers trickle. */
import type { ProtocolName, RequestHandler } from '../../node/ports.ts';
import type { Machine } from '../machine.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';

const FOREVER_MS = 3_600_000;
/** Just under the shortest deadline there is (blocks: 8 s). */
const TRICKLE_MS = 7_000;
/** Asked at once by whoever connects: who does not answer these is noticed before anything else. */
const HONEST: readonly ProtocolName[] = ['status', 'addresses'];

export const stalling: CreateAttack = (context) =>
  passive(addIdentities(context, delayingBy(FOREVER_MS), true));

export const trickling: CreateAttack = (context) =>
  passive(addIdentities(context, delayingBy(TRICKLE_MS), true));

function delayingBy(ms: number) {
  return (network: Machine['network'], machine: Machine) =>
    new LyingNetwork(network, (protocol, honest) =>
      HONEST.includes(protocol) ? honest : delayed(machine, honest, ms),
    );
}

function delayed(machine: Machine, honest: RequestHandler, ms: number): RequestHandler {
  return async function* answer(request, from) {
    for await (const chunk of honest(request, from)) {
      await new Promise<void>((resolve) => machine.clock.after(ms, resolve));
      yield chunk;
    }
  };
}
