import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import type { Answer } from '../hostile/peer.ts';

export const malformedAnswers: Attack = {
  what: 'several liars whose every answer is random bytes, too many chunks, or chunks that are too long',
  tries: "what an answer breaks is the peer's fault and ends there",
  doesWrong: true,
  processes: 2,
  async run(attacker) {
    const kinds: Answer[] = [
      () => [randomBytes(1_000)],
      () => Array.from({ length: 300 }, () => randomBytes(10)),
      () => [randomBytes(3_000_000)],
      () => [],
    ];
    let round = 0;
    await attacker.forever(async () => {
      const answer: Answer = (request) => {
        attacker.did('answers');
        return (kinds[round++ % kinds.length] as Answer)(request);
      };
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { headers: answer, blocks: answer, pool: answer, transactions: answer, addresses: answer },
      });
      const claim = { tip: randomBytes(32), height: 9_999n, work: 2n ** 90n };
      for (let claims = 0; claims < 10 && peer.connections > 0 && !attacker.signal.aborted; claims++) {
        await Promise.allSettled(attacker.targets.map((target) => peer.tellStatus(target, claim)));
        await attacker.pause(500);
      }
      await peer.end();
    });
  },
};
