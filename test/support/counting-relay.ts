/** Stands between browsers and a server, changes nothing, and counts the streams of events that are open. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class CountingRelay {
  readonly #server: Server;
  readonly #open = new Map<string, number>();
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();

  private constructor(target: string) {
    this.#server = createServer((incoming, response) => {
      const path = new URL(incoming.url ?? '', target).pathname;
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      const { headers, method, url } = incoming;
      const outgoing = httpRequest(new URL(url ?? '', target), { method, headers });
      outgoing.on('response', (answer: IncomingMessage) => {
        if (answer.headers['content-type']?.startsWith('text/event-stream') === true) {
          this.#count(path, 1);
          response.once('close', () => this.#count(path, -1));
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      });
      outgoing.on('error', () => response.destroy());
      response.once('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
  }

  static async start(target: string): Promise<CountingRelay> {
    const relay = new CountingRelay(target);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Open streams by their paths. */
  get streams(): Record<string, number> {
    return Object.fromEntries([...this.#open].filter(([, count]) => count > 0));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #count(path: string, by: number): void {
    this.#open.set(path, (this.#open.get(path) ?? 0) + by);
  }
}
