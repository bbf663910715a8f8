/** The daemon itself: status, network, peers, mining, live events. */
import type { FastifyReply } from 'fastify';
import packageJson from '../../../package.json' with { type: 'json' };
import type { PeerJson, StatusJson } from '../../client/contract.ts';
import { bitsToJson, timeToJson } from '../../client/json.ts';
import { formatNetworkFile } from '../../core/network-file.ts';
import type { PeerView } from '../../node/node.ts';
import { type App, routeOf } from '../app.ts';
import { HttpError, readAddress } from '../errors.ts';
import { EventFeed } from '../event-feed.ts';
import { Metrics } from '../metrics.ts';
import type { ServedDaemon, ServedNode } from '../served.ts';
import { difficultyOf } from '../views.ts';

export function nodeRoutes(app: App, daemon: ServedDaemon): void {
  const { node } = daemon;

  app.route({ ...routeOf('status'), handler: async () => statusView(daemon) });

  app.route({
    ...routeOf('network'),
    handler: async () => {
      const { id, params } = node.definition;
      const file = formatNetworkFile(params);
      return { id, params: { ...file, genesisTime: Number(params.genesisTime) } };
    },
  });

  app.route({ ...routeOf('peers'), handler: async () => ({ peers: node.peers().map(peerView) }) });

  app.route({
    ...routeOf('addPeers'),
    handler: async ({ body }) => {
      const dials = await Promise.allSettled(body.addresses.map((address) => node.addPeer(address)));
      const peers: { address: string; id: string }[] = [];
      const failed: { address: string; message: string }[] = [];
      for (const [index, dial] of dials.entries()) {
        const address = body.addresses[index] ?? '';
        if (dial.status === 'fulfilled') peers.push({ address, id: dial.value });
        else failed.push({ address, message: messageOf(dial.reason) });
      }
      const [first] = failed;
      if (peers.length === 0 && first !== undefined) {
        throw new HttpError(422, 'peer-unreachable', first.message);
      }
      return { peers, failed };
    },
  });

  app.route({
    ...routeOf('mine'),
    handler: async ({ body }, reply) => {
      const hungUp = new AbortController();
      reply.raw.once('close', () => hungUp.abort());
      const address = body.miner === undefined ? undefined : readAddress('miner', body.miner);
      const ids = await node.mining.mine(body.blocks, hungUp.signal, address);
      if (ids.length < body.blocks) throw new HttpError(503, 'stopping', 'the daemon is stopping');
      return { ids };
    },
  });

  app.route({
    ...routeOf('mining'),
    handler: async ({ body }) => {
      if (body.active) node.mining.start();
      // Not waited for: whoever has asked for blocks gets them first.
      else void node.mining.stop();
      return miningView(node);
    },
  });

  app.route({
    ...routeOf('health'),
    // Watchers ask so.
    exposeHeadRoute: true,
    handler: async () => {
      const { storeFailure, tip } = node.chain;
      if (storeFailure !== undefined)
        throw new HttpError(
          503,
          'unhealthy',
          `nothing can be written to the disk (${storeFailure.failure}): see the log`,
        );
      if (node.chain.bodyFacts(tip) === undefined) {
        throw new HttpError(503, 'unhealthy', `the tip ${tip.id} cannot be read`);
      }
      return { status: 'ok' as const };
    },
  });

  const metrics = new Metrics(daemon);
  app.get('/metrics', async (_request, reply) => {
    const { text, type } = await metrics.read();
    return (reply as unknown as FastifyReply).type(type).send(text);
  });

  const feed = new EventFeed(daemon.startedAtMs);
  const unsubscribe = node.subscribe((event) => {
    metrics.count(event);
    feed.add(event, Date.now());
  });
  app.addHook('preClose', async () => {
    unsubscribe();
    feed.close();
  });
  app.route({
    ...routeOf('events'),
    handler: async (request, reply) => {
      // What many resume with at once would hold the event loop.
      await request.caller.turn();
      if (request.raw.socket.destroyed) return reply.hijack();
      feed.open(request.caller, reply.raw, request.headers['last-event-id']);
      reply.hijack();
    },
  });
}

function statusView(daemon: ServedDaemon): StatusJson {
  const { node } = daemon;
  const { chain, definition, pool } = node;
  const { tip } = chain;
  const { bits } = tip.sealed.header;
  return {
    network: definition.name,
    networkId: definition.id,
    version: packageJson.version,
    ...(daemon.name === undefined ? {} : { name: daemon.name }),
    peerId: daemon.peerId,
    addresses: daemon.addresses(),
    startedAt: timeToJson(daemon.startedAtMs),
    runningMs: daemon.runningMs(),
    height: tip.height,
    tip: tip.id,
    work: tip.work.toString(),
    bits: bitsToJson(bits),
    difficulty: difficultyOf(chain),
    targetIntervalMs: Number(definition.params.blockInterval),
    peers: node.peers().length,
    pool: { count: pool.count, bytes: pool.bytes, minFeeRate: pool.minFeeRate.toString() },
    mining: miningView(node),
    sync: node.syncProgress(),
  };
}

function miningView({ mining }: ServedNode): StatusJson['mining'] {
  const { active, threads, waitsUntilMs } = mining;
  return {
    ...{ active, hashrate: Math.round(mining.hashrate()), threads },
    ...(waitsUntilMs === undefined ? {} : { waitingUntil: timeToJson(waitsUntilMs) }),
  };
}

function peerView(peer: PeerView): PeerJson {
  return {
    id: peer.id,
    ...(peer.name === undefined ? {} : { name: peer.name }),
    address: peer.address,
    direction: peer.direction,
    connectedAt: timeToJson(peer.connectedAt),
    ...(peer.height === undefined ? {} : { height: peer.height }),
    ...(peer.tip === undefined ? {} : { tip: peer.tip }),
    ...(peer.work === undefined ? {} : { work: peer.work.toString() }),
    ...(peer.roundTripMs === undefined ? {} : { roundTripMs: peer.roundTripMs }),
    ...(peer.clockOffsetMs === undefined ? {} : { clockOffsetMs: peer.clockOffsetMs }),
    score: peer.score,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
