/** Whether ports can be had, asked before daemons are started that would each find out for themselves. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { DevnetOptions } from '../commands/devnet.ts';
import { CommandError, systemCode, UsageError } from '../errors.ts';
import { counted } from '../output.ts';

const HOST = '127.0.0.1';
const MAX_PORT = 65_535;
/** Peer ports are so far above the API's; more than there can be nodes. */
export const P2P_PORT_OFFSET = 100;

/** Before anything is started. @throws CommandError that says which are taken */
export async function requireFreePorts({ basePort, nodes, page, pagePort }: DevnetOptions): Promise<void> {
  const numbers = basePort === 0 ? [] : Array.from({ length: nodes }, (_, index) => basePort + index);
  const ports = [...numbers, ...numbers.map((port) => port + P2P_PORT_OFFSET)];
  if (ports.some((port) => port > MAX_PORT)) {
    throw new UsageError(
      `--base-port ${basePort} is too high: the ports of ${counted(nodes, 'node')} would go up to ${ports.at(-1)}`,
    );
  }
  if (page && ports.includes(pagePort)) {
    throw new UsageError(`--page-port ${pagePort} is a port of one of the daemons: choose another`);
  }
  if (page && pagePort !== 0) ports.push(pagePort);
  const taken = await takenPorts(ports);
  if (taken.length === 0) return;
  const option = taken.every((port) => port === pagePort) ? '--page-port' : '--base-port';
  throw new CommandError(
    `taken already on ${HOST}: ${taken.join(', ')}; choose another ${option}, or leave it out for free ports`,
  );
}

/** Those of the ports on loopback that cannot be listened on, in their order. */
async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const isTaken = await Promise.all(ports.map(isPortTaken));
  return ports.filter((_port, index) => isTaken[index]);
}

/** @throws CommandError if the port cannot be had for another reason than that it is taken */
async function isPortTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return false;
  } catch (cause) {
    if (systemCode(cause) === 'EADDRINUSE') return true;
    throw new CommandError(`port ${port} of ${HOST} cannot be listened on (${systemCode(cause) ?? cause})`, {
      cause,
    });
  } finally {
    server.close();
  }
}
