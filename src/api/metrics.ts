/** The daemon's figures for whoever watches it, in the text format of Prometheus. */
import type { Registry } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };
import type { NodeEvent } from '../node/events.ts';
import type { ServedDaemon } from './served.ts';
import { difficultyOf } from './views.ts';

export class Metrics {
  readonly #daemon: ServedDaemon;
  readonly #events = new Map<NodeEvent['event'], number>();
  #registry: Promise<Registry> | undefined;

  constructor(daemon: ServedDaemon) {
    this.#daemon = daemon;
  }

  count({ event }: NodeEvent): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
  }

  /** As it is now. Whoever never asks does not pay for the library and what it watches of the process. */
  async read(): Promise<{ type: string; text: string }> {
    this.#registry ??= this.#register();
    const registry = await this.#registry;
    return { type: registry.contentType, text: await registry.metrics() };
  }

  async #register(): Promise<Registry> {
    const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client');
    const { node, peerId } = this.#daemon;
    const { definition, chain, mining, pool } = node;
    const registry = new Registry();
    const registers = [registry];
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    };
    collectDefaultMetrics({ register: registry });
    new Gauge({
      name: 'tallystick_info',
      help: 'Always 1: the labels tell which daemon this is.',
      labelNames: ['version', 'network', 'network_id', 'peer_id'],
      registers,
    }).set(
      { version: packageJson.version, network: definition.name, network_id: definition.id, peer_id: peerId },
      1,
    );
    gauge('tallystick_chain_height', 'Height of the tip.', () => chain.tip.height);
    gauge(
      'tallystick_chain_tip_timestamp_seconds',
      'Timestamp of the tip, since 1970.',
      () => Number(chain.tip.sealed.header.timestamp) / 1_000,
    );
    gauge('tallystick_chain_difficulty', 'Of the tip; 1 is the easiest the network allows.', () =>
      difficultyOf(chain),
    );
    gauge(
      'tallystick_sync_target_height',
      'Height of the best header known; equal to the height of the tip once in step.',
      () => node.syncProgress().targetHeight,
    );
    gauge('tallystick_pool_transactions', 'Transactions that wait.', () => pool.count);
    gauge('tallystick_pool_bytes', 'SSZ bytes of the transactions that wait.', () => pool.bytes);
    gauge('tallystick_mining_active', '1 while it mines.', () => Number(mining.active));
    gauge('tallystick_mining_hashes_per_second', 'Over the last seconds.', () => mining.hashrate());
    new Gauge({
      name: 'tallystick_peers',
      help: 'Connected peers, by who dialled.',
      labelNames: ['direction'],
      registers,
      collect() {
        const peers = node.peers();
        for (const direction of ['inbound', 'outbound'] as const)
          this.set({ direction }, peers.filter((peer) => peer.direction === direction).length);
      },
    });
    const events = this.#events;
    new Counter({
      name: 'tallystick_events_total',
      help: 'What happened since the start, by the names the log and the live feed use.',
      labelNames: ['event'],
      registers,
      collect() {
        this.reset();
        for (const [event, count] of events) this.inc({ event }, count);
      },
    });
    return registry;
  }
}
