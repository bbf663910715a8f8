import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 400;

export const silentHttpSockets: Attack = {
  what: 'HTTP connections that never say a word, opened anew as soon as one ends',
  tries: 'places of the API are not held by callers who ask nothing',
  doesWrong: true,
  run: (attacker) => keepSockets(attacker, SOCKETS, async () => {}),
};
