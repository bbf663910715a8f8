import { connect } from 'node:net';
import type { Attack } from '../attack.ts';

const SOCKETS = 200;

export const silentTcp: Attack = {
  what: "TCP connections to the peers' port that never say a word, opened anew as soon as one ends; a newcomer knows no other daemon",
  tries: 'deadline and places of handshakes',
  doesWrong: true,
  newcomer: { knows: 'first', finds: 1 },
  async run(attacker) {
    const [, , host = '', , port = ''] = attacker.target(0).address.split('/');
    await Promise.all(
      Array.from({ length: SOCKETS }, () =>
        attacker.forever(async () => {
          const release = attacker.holds();
          await new Promise<void>((resolve) => {
            const socket = connect({ host, port: Number(port) });
            attacker.signal.addEventListener('abort', () => socket.destroy(), { once: true });
            socket.on('connect', () => attacker.did('connections'));
            socket.on('error', () => {});
            // Or an end of theirs is never seen.
            socket.resume();
            socket.once('close', () => resolve());
          });
          release();
          await attacker.pause(50);
        }),
      ),
    );
  },
};
