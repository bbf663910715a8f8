/**
 * HEAD, decided for all routes at once: what is at hand (the page, the health) says `exposeHeadRoute: true` and is
 * answered; every other path says which methods it has. A HEAD that ran a handler would cost the caller nothing and
 * the daemon everything, past the limits that count streams by the bytes they are read for.
 */
import type { App } from './app.ts';
import { HttpError } from './errors.ts';

/** Before any route is added. */
export function refuseHead(app: App): void {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', function ({ exposeHeadRoute, method, url }) {
    const methods = [method].flat();
    if (methods.includes('HEAD') || exposeHeadRoute === true) return;
    const known = allowed.get(url);
    for (const one of methods) known?.add(one);
    if (known !== undefined) return;
    const first = new Set(methods);
    allowed.set(url, first);
    this.route({
      method: 'HEAD',
      url,
      handler: async (_request, reply) => {
        const allow = [...first].join(', ');
        void reply.header('allow', allow);
        throw new HttpError(405, 'method-not-allowed', `HEAD is not answered here: use ${allow}`);
      },
    });
  });
}
