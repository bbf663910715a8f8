import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import { data, FLAG, FRAME, frame, RawConnection } from '../hostile/raw-connection.ts';
import { holdRaw } from '../hostile/raw-peer.ts';

export const yamuxGarbage: Attack = {
  what: 'yamux frames of unknown types, of streams that are not there, with lengths of gigabytes, and streams opened by the thousand',
  tries: 'the muxer refuses what is not of the protocol; bounds on streams',
  doesWrong: true,
  async run(attacker) {
    const kinds: ((round: number) => Uint8Array[])[] = [
      () => [frame(9, FLAG.none, 0, 0)],
      () => [data(4_001, randomBytes(1_000))],
      () => [frame(FRAME.windowUpdate, FLAG.syn, 1, 0), frame(FRAME.data, FLAG.none, 1, 0xffff_ffff)],
      () =>
        Array.from({ length: 3_000 }, (_, index) => frame(FRAME.windowUpdate, FLAG.syn, 2 * index + 1, 0)),
      () =>
        Array.from({ length: 2_000 }, (_, index) =>
          frame(FRAME.windowUpdate, FLAG.syn | FLAG.rst, 2 * index + 1, 0),
        ),
      () => [frame(FRAME.windowUpdate, FLAG.syn, 1, 0), frame(FRAME.windowUpdate, FLAG.none, 1, 0xffff_ffff)],
      () => [randomBytes(5_000)],
    ];
    let round = attacker.index;
    await attacker.forever(async () => {
      const raw = await RawConnection.open(attacker.target(round));
      const release = holdRaw(attacker, raw);
      raw.forgetWhatArrives();
      try {
        const make = kinds[round++ % kinds.length] as (typeof kinds)[0];
        for (let times = 0; times < 50 && raw.isOpen && !attacker.signal.aborted; times++) {
          raw.send(...make(times));
          attacker.did('frames');
          await attacker.pause(20);
        }
      } finally {
        release();
        raw.close();
      }
    });
  },
};
