/** Whether mDNS can leave this machine at all. Without a route it fails in silence, and nobody is ever found. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

const MDNS_ADDRESS = '224.0.0.251';
const MDNS_PORT = 5353;

/** @returns what to tell the operator, or undefined if all is well. Sends nothing */
export async function multicastRouteProblem(): Promise<string | undefined> {
  const interfaces = Object.values(networkInterfaces()).flat();
  // With loopback alone, mDNS stays on loopback and needs no route.
  if (!interfaces.some((address) => address?.family === 'IPv4' && !address.internal)) return undefined;
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  socket.once('error', resolve);
  // Connecting a datagram socket only looks up the route.
  socket.once('connect', () => resolve(undefined));
  socket.connect(MDNS_PORT, MDNS_ADDRESS);
  const error = await promise;
  socket.close();
  if (error === undefined) return undefined;
  return (
    `peers on the LAN cannot be found: there is no route for ${MDNS_ADDRESS} (${error.message}). ` +
    'Add one, such as `ip route add 224.0.0.0/4 dev eth0`, or name a peer by its address'
  );
}
