/** The description of the API, made out of the contract when somebody first asks: the library for it weighs as much as all routes. */
import fastify from 'fastify';
import packageJson from '../../package.json' with { type: 'json' };
import { type RouteName, routes } from '../client/routes.ts';
import { routeOf } from './app.ts';

export async function describeApi(): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger');
  // Never listens and is never called: it only reads what routes take and answer.
  const app = fastify({ exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tallystick', version: packageJson.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  for (const name of Object.keys(routes) as RouteName[]) {
    app.route({ ...routeOf(name), handler: async () => undefined });
  }
  await app.ready();
  const description = app.swagger();
  await app.close();
  return description;
}
