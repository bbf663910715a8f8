/**
 * Runs once for all tabs of one address. A page of another version has another file of this, and a worker of its own;
 * the browser ends it with the last tab.
 */
import type { Port } from './messages.ts';
import { StreamHolder } from './stream-holder.ts';

const holder = new StreamHolder();
addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port !== undefined) holder.serve(port as Port);
});
