/** Four processes in a line or each connected to each: daemons, or bare gossip as their limit. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TallyClient } from '../../src/client/tally-client.ts';
import { Child, DEADLINE_MS, nowMs } from './child.ts';
import type { StartDaemon, StartedDaemon } from './daemon-process.ts';

const NODES = 4;
const DAEMON = new URL('./daemon-process.ts', import.meta.url);
export const GOSSIP_PROCESS = new URL('./gossip-process.ts', import.meta.url);

export type Topology = 'line' | 'mesh';

export interface Nodes {
  readonly topology: Topology;
  readonly children: readonly Child[];
  close(): Promise<void>;
}

export interface Daemons extends Nodes {
  readonly clients: readonly TallyClient[];
}

export async function startGossip(topology: Topology): Promise<Nodes> {
  const children = Array.from({ length: NODES }, () => new Child(GOSSIP_PROCESS));
  const addresses = await Promise.all(
    children.map(async (child) => (await child.ask<string[]>('addresses'))[0] ?? ''),
  );
  await connect(topology, children, addresses);
  return { topology, children, close: () => closeAll(children) };
}

export async function startDaemons(
  topology: Topology,
  networkFile: string,
  folder: string,
): Promise<Daemons> {
  const children = Array.from({ length: NODES }, () => new Child(DAEMON));
  const started = await Promise.all(
    children.map((child, index) => {
      const options: StartDaemon = { networkFile, dataDir: join(folder, `${topology}-${index}`) };
      return child.ask<StartedDaemon>('start', options);
    }),
  );
  await Promise.all(
    children.map((child, index) =>
      child.ask(
        'refuse',
        started.filter((_, other) => !isNeighbour(topology, index, other)).map(({ peerId }) => peerId),
      ),
    ),
  );
  await connect(
    topology,
    children,
    started.map(({ address }) => address),
  );
  const clients = started.map(({ api }) => new TallyClient({ url: api }));
  return { topology, children, clients, close: () => closeAll(children) };
}

function isNeighbour(topology: Topology, a: number, b: number): boolean {
  return a === b || topology === 'mesh' || Math.abs(a - b) === 1;
}

async function connect(
  topology: Topology,
  children: readonly Child[],
  addresses: readonly string[],
): Promise<void> {
  for (const [index, child] of children.entries()) {
    for (let earlier = 0; earlier < index; earlier++) {
      if (isNeighbour(topology, index, earlier)) await child.ask('connect', addresses[earlier]);
    }
  }
  for (const [index, child] of children.entries()) {
    const others = children.filter((_, other) => other !== index && isNeighbour(topology, index, other));
    await until('everybody is connected', async () => (await child.ask<number>('peers')) === others.length);
  }
}

/** Looks again and again. @throws Error after a minute */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = nowMs() + DEADLINE_MS;
  while (!(await holds())) {
    if (nowMs() > endMs) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await pause(20);
  }
}

async function closeAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.close()));
}
