/** What every file of routes is given. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import { contract, ErrorSchema } from '../client/contract.ts';
import { type Route, type RouteName, routes } from '../client/routes.ts';
import { DEAR_ROUTES } from './callers/dear.ts';

/** A server whose handlers are typed by the schemas of their routes. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A route of the contract as Fastify takes it: where it is, who may call and how many, what it takes, what it answers. */
export function routeOf<Name extends RouteName>(name: Name) {
  const { response, ...schema } = contract[name];
  const { config }: Route = routes[name];
  const dear = DEAR_ROUTES[name];
  return {
    ...routes[name],
    config: { ...config, ...(dear === undefined ? {} : { dear }) },
    schema: {
      ...(schema as Omit<(typeof contract)[Name], 'response'>),
      operationId: name,
      response: {
        ...(response as (typeof contract)[Name]['response']),
        '4xx': ErrorSchema,
        '5xx': ErrorSchema,
      },
    },
  };
}
