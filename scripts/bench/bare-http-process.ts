/** What HTTP alone costs: a Fastify server that takes the same bodies as the API and answers at once. */
import fastify from 'fastify';

const app = fastify({ bodyLimit: 4 * 1_024 * 1_024 });
app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
const ID = '0'.repeat(64);
app.post(
  '/v1/transactions',
  { schema: { response: { 202: { type: 'object', properties: { id: { type: 'string' } } } } } },
  async (_request, reply) => {
    reply.code(202);
    return { id: ID };
  },
);
process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }));
process.once('disconnect', () => process.exit());
