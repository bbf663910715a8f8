/** `tally devnet` with its page, as a process: started as a user does. */
import { TallyClient } from '../../src/client/tally-client.ts';
import { hasTip } from './explorer-network.ts';
import { Running } from './run-tally.ts';

/** Far longer than daemons take to find or lose each other. */
const DEADLINE_MS = 15_000;

/** A file of tests, or a scene for pictures. */
const LONGEST_MS = 300_000;

export class PagedDevnet {
  readonly #running: Running;
  /** Of the page. */
  readonly url: string;
  /** One for each node, in order. */
  readonly clients: readonly TallyClient[];

  private constructor(running: Running, url: string, clients: readonly TallyClient[]) {
    this.#running = running;
    this.url = url;
    this.clients = clients;
  }

  /** Nobody mines but when told to, at no cost; connected each with each. */
  static async start(nodes: number): Promise<PagedDevnet> {
    const args = ['devnet', '-n', `${nodes}`, '--like', 'test', '--mine', '0', '--json'];
    const running = new Running(args, {}, process.cwd(), LONGEST_MS);
    const { url } = await running.json({ event: 'page.started' });
    const clients = Array.from(
      { length: nodes },
      (_, index) => new TallyClient({ url: `${url}/nodes/${index + 1}`, retry: false }),
    );
    return new PagedDevnet(running, `${url}`, clients);
  }

  async mine(node: number, blocks = 1): Promise<string[]> {
    return (await this.#client(node).call('mine', { body: { blocks } })).ids;
  }

  /** Resolves once a node has so many peers. */
  async hasPeers(node: number, count: number): Promise<void> {
    const client = this.#client(node);
    const isSo = async () => (await client.call('status')).peers === count;
    // From the first event still kept: none can slip between the look and the stream.
    for await (const { type } of client.events({ after: '0', signal: AbortSignal.timeout(DEADLINE_MS) })) {
      if ((type === 'peer' || type === 'missed') && (await isSo())) return;
    }
    throw new Error(`node ${node} did not have ${count} peers in time`);
  }

  /** Resolves once these nodes have this tip. */
  async haveTip(tip: string, nodes: readonly number[]): Promise<void> {
    await Promise.all(nodes.map((node) => hasTip(this.#client(node), tip)));
  }

  /** @returns the exit status */
  stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    return this.#running.stop(signal);
  }

  #client(node: number): TallyClient {
    const client = this.clients[node - 1];
    if (client === undefined) throw new Error(`there is no node ${node}`);
    return client;
  }
}
