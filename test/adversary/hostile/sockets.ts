/** Many connections to the APIs of all daemons at once; one that ends is opened anew. */
import type { Socket } from 'node:net';
import type { Attacker } from './attacker.ts';
import { openSocket } from './http.ts';

const PAUSE_MS = 100;

/**
 * @param count over all daemons
 * @param use of each; what arrives is read and dropped unless it pauses the socket
 */
export async function keepSockets(
  attacker: Attacker,
  count: number,
  use: (socket: Socket) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      attacker.forever(async () => {
        const socket = await openSocket(attacker.target(number).api);
        attacker.did('connections');
        const release = attacker.holds();
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        const onAbort = (): void => void socket.destroy();
        attacker.signal.addEventListener('abort', onAbort, { once: true });
        socket.on('error', () => {});
        socket.resume();
        await Promise.race([use(socket).then(() => closed), closed]);
        attacker.signal.removeEventListener('abort', onAbort);
        release();
        await attacker.pause(PAUSE_MS);
      }),
    ),
  );
}
