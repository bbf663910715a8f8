import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import type { PeerView } from '../../src/node/node.ts';
import { NOW_MS } from '../support/ledger.ts';
import { A_PEER, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

/** Samples by their names with labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await app.inject({ url: '/metrics', headers: { host: 'localhost' } });
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = response.body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('the metrics tell the chain, the pool, the peers and the process as they are when asked', async () => {
  expect((await scrape()).get('tallystick_chain_height')).toBe(0);
  ledger.mine(3);
  ledger.peers.push({
    ...{ id: A_PEER, address: '/ip4/127.0.0.1/tcp/1', direction: 'inbound', connectedAt: NOW_MS, score: 0 },
  } as PeerView);
  const samples = await scrape();
  expect(samples.get('tallystick_chain_height')).toBe(3);
  expect(samples.get('tallystick_sync_target_height')).toBe(3);
  expect(samples.get('tallystick_chain_tip_timestamp_seconds')).toBe(
    Number(ledger.chain.tip.sealed.header.timestamp) / 1_000,
  );
  expect(samples.get('tallystick_peers{direction="inbound"}')).toBe(1);
  expect(samples.get('tallystick_peers{direction="outbound"}')).toBe(0);
  expect(samples.get('tallystick_pool_transactions')).toBe(0);
  expect(samples.get('tallystick_mining_active')).toBe(0);
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  const info = [...samples.keys()].find((name) => name.startsWith('tallystick_info{'));
  expect(info).toContain(`network_id="${ledger.network.id}"`);
});

test('what happened is counted from the start, not from the first look', async () => {
  const lost = { event: 'peer.disconnected', peer: A_PEER, reason: 'it left' } as const;
  ledger.emit(lost);
  ledger.emit(lost);
  const name = 'tallystick_events_total{event="peer.disconnected"}';
  expect((await scrape()).get(name)).toBe(2);
  ledger.emit(lost);
  expect((await scrape()).get(name)).toBe(3);
});

test('a page from elsewhere is refused as on every route', async () => {
  const headers = { host: 'localhost', origin: 'https://elsewhere.example' };
  expect((await app.inject({ url: '/metrics', headers })).statusCode).toBe(403);
});
