import type { Attack } from '../attack.ts';
import { call } from '../hostile/http.ts';

const KEYS = 200_000;

export const jsonOfUnknownKeys: Attack = {
  what: 'posts of megabytes of JSON with two hundred thousand keys that mean nothing, by several callers',
  tries: 'the size and shape of a body are looked at before its meaning',
  doesWrong: false,
  async run(attacker) {
    const keys = Array.from({ length: KEYS }, (_, key) => `"k${key}":0`);
    const body = Buffer.from(`{"transactions":[],${keys.join(',')}}`);
    const one = Buffer.from(`{"transactions":[{${keys.join(',')}}]}`);
    await Promise.all(
      Array.from({ length: 6 }, (_, caller) =>
        attacker.forever(async () => {
          const { status } = await call(`${attacker.target(caller).api}/v1/transactions`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: caller % 2 === 0 ? body : one,
          });
          attacker.did(`posts ${status}`);
        }),
      ),
    );
  },
};
