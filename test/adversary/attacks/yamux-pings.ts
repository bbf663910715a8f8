import type { Attack } from '../attack.ts';
import { FLAG, FRAME, frame, RawConnection } from '../hostile/raw-connection.ts';
import { holdRaw } from '../hostile/raw-peer.ts';

const PINGS = 4_000;
/** Sent faster than it leaves, it would fill the attacker's own memory. */
const MAX_UNSENT_BYTES = 8 * 1_024 * 1_024;

export const yamuxPings: Attack = {
  what: 'yamux pings as fast as the line takes them, whose answers are not read',
  tries: "a connection's unsent bytes have a bound",
  doesWrong: true,
  isShort: true,
  async run(attacker) {
    const ping = frame(FRAME.ping, FLAG.syn, 0, 7);
    const burst = Buffer.concat(Array.from({ length: PINGS }, () => ping));
    await attacker.forever(async () => {
      const raw = await RawConnection.open(attacker.target());
      const release = holdRaw(attacker, raw);
      raw.stopReading();
      try {
        while (raw.isOpen && !attacker.signal.aborted) {
          if (raw.unsent < MAX_UNSENT_BYTES) {
            raw.send(burst);
            attacker.did('pings', PINGS);
          }
          await attacker.pause(1);
        }
      } finally {
        release();
        raw.close();
      }
    });
  },
};
