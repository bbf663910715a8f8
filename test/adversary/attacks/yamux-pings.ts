import type { Attack } from '../attack.ts';
import { FLAG, FRAME, frame } from '../hostile/raw-connection.ts';

const PINGS = 4_000;
/** More would fill the attacker's own memory. */
const MAX_UNSENT_BYTES = 8 * 1_024 * 1_024;

export const yamuxPings: Attack = {
  what: 'a peer in good standing sends yamux pings as fast as the line takes them, and does not read the answers',
  tries: "a connection's unsent bytes have a bound",
  doesWrong: true,
  processes: 3,
  async run(attacker) {
    const ping = frame(FRAME.ping, FLAG.syn, 0, 7);
    const burst = Buffer.concat(Array.from({ length: PINGS }, () => ping));
    await attacker.forever(async () => {
      const target = attacker.target();
      const peer = await attacker.peerOf([target]);
      await peer.heard(1, attacker.signal);
      peer.stopReading();
      let unsent = 0;
      while (peer.connections > 0 && !attacker.signal.aborted) {
        unsent = await peer.sendFrames(target, unsent > MAX_UNSENT_BYTES ? new Uint8Array(0) : burst);
        attacker.did('pings', unsent > MAX_UNSENT_BYTES ? 0 : PINGS);
        await attacker.pause(1);
      }
      await peer.end();
    });
  },
};
