import type { Attack } from '../attack.ts';
import { call } from '../hostile/http.ts';

const CALLERS = 40;

export const exportsByHead: Attack = {
  what: 'HEAD of the chain file, and of every other page, by forty callers at once',
  tries: 'HEAD does not do the work of a GET, nor goes round its limits',
  doesWrong: false,
  run: async (attacker) => {
    const paths = ['/v1/chain/export', '/v1/chain?from=0&limit=1000', '/v1/chain/validity', '/openapi.json'];
    await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) =>
        attacker.forever(async () => {
          const path = paths[caller % paths.length] as string;
          const { status } = await call(attacker.target(caller).api + path, { method: 'HEAD', keep: true });
          attacker.did(`${path} ${status}`);
        }),
      ),
    );
  },
};
