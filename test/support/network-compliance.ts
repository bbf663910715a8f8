/** What every implementation of the `Network` port does. Each runs this suite with a setting of its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RuleError } from '../../src/core/errors.ts';
import {
  type Network,
  type NetworkListeners,
  OperationError,
  type PeerConnection,
  type PeerId,
  RequestError,
  type RequestFailure,
  type RequestHandler,
  type RequestLimits,
  RequestRefused,
  type Verdict,
} from '../../src/node/ports.ts';

/** How one implementation makes networks that can reach each other, and passes the time. */
export interface NetworkSetting {
  /** Not started. */
  create(): Promise<Network>;
  /** Runs the implementation until the promise settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Runs the implementation until the condition holds; fails if it does not within reason. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** Stops what is left. */
  end(): Promise<void>;
}

/** Listeners that keep what they are told. */
export class Witness implements NetworkListeners {
  readonly connections: PeerConnection[] = [];
  readonly disconnections: { readonly peer: PeerId; readonly reason: string }[] = [];
  readonly discoveries: { readonly peer: PeerId; readonly addresses: readonly string[] }[] = [];

  connected(peer: PeerConnection): void {
    this.connections.push(peer);
  }

  disconnected(peer: PeerId, reason: string): void {
    this.disconnections.push({ peer, reason });
  }

  discovered(peer: PeerId, addresses: readonly string[]): void {
    this.discoveries.push({ peer, addresses });
  }
}

export const LIMITS: RequestLimits = { deadlineMs: 5_000, maxChunks: 4, maxChunkBytes: 1_024 };

const bytes = (...values: number[]) => Uint8Array.from(values);

interface Station {
  readonly network: Network;
  readonly witness: Witness;
  /** Gossip on topic `block`, as validated. */
  readonly heard: Uint8Array[];
}

export function networkCompliance(name: string, createSetting: () => NetworkSetting): void {
  describe(`${name} as a Network`, () => {
    let setting: NetworkSetting;
    const stations: Station[] = [];

    beforeEach(() => {
      setting = createSetting();
    });

    afterEach(async () => {
      for (const { network } of stations.splice(0)) await setting.settle(network.stop());
      await setting.end();
    });

    interface StationOptions {
      readonly handler?: RequestHandler;
      readonly verdict?: Verdict;
    }

    async function station({ handler = (request) => [request], verdict = 'accept' }: StationOptions = {}) {
      const network = await setting.create();
      const made: Station = { network, witness: new Witness(), heard: [] };
      network.handle('headers', 64, handler);
      network.subscribe('block', async (message) => {
        made.heard.push(message);
        return verdict;
      });
      await setting.settle(network.start(made.witness));
      stations.push(made);
      return made;
    }

    function addressOf({ network }: Station): string {
      const [address] = network.addresses();
      if (address === undefined) throw new Error('it listens nowhere');
      return address;
    }

    async function connect(from: Station, to: Station): Promise<void> {
      await setting.settle(from.network.dial(addressOf(to)));
      await setting.until(
        () => from.witness.connections.length > 0 && to.witness.connections.length > 0,
        'both sides are connected',
      );
    }

    async function pair(options: StationOptions = {}): Promise<[Station, Station]> {
      const asker = await station();
      const answerer = await station(options);
      await connect(asker, answerer);
      return [asker, answerer];
    }

    function request([asker, answerer]: [Station, Station], limits = LIMITS): Promise<Uint8Array[]> {
      return setting.settle(asker.network.request(answerer.network.self, 'headers', bytes(1, 2, 3), limits));
    }

    async function failure(asked: Promise<unknown>): Promise<RequestFailure> {
      const error = await asked.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(RequestError);
      return (error as RequestError).failure;
    }

    describe('connections', () => {
      it('are told once on both sides, with who and how', async () => {
        const [a, b] = await pair();
        expect(a.witness.connections).toMatchObject([{ id: b.network.self, direction: 'outbound' }]);
        expect(b.witness.connections).toMatchObject([{ id: a.network.self, direction: 'inbound' }]);
        expect(a.network.peers().map(({ id }) => id)).toEqual([b.network.self]);
        expect(b.network.peers().map(({ id }) => id)).toEqual([a.network.self]);
      });

      it('are one entry a peer when both dial at once', async () => {
        const [a, b] = [await station(), await station()];
        await setting.settle(
          Promise.all([a.network.dial(addressOf(b)), b.network.dial(addressOf(a))]).then(() => undefined),
        );
        await setting.until(() => b.witness.connections.length > 0, 'connected');
        expect(a.network.peers()).toHaveLength(1);
        expect(b.network.peers()).toHaveLength(1);
        expect([a.witness.connections.length, b.witness.connections.length]).toEqual([1, 1]);
      });

      it('end on both sides when one side ends them', async () => {
        const [a, b] = await pair();
        await setting.settle(a.network.disconnect(b.network.self, 'for a test'));
        await setting.until(
          () => a.witness.disconnections.length > 0 && b.witness.disconnections.length > 0,
          'both sides are disconnected',
        );
        expect(a.witness.disconnections).toEqual([{ peer: b.network.self, reason: 'for a test' }]);
        expect(b.witness.disconnections).toMatchObject([{ peer: a.network.self }]);
        expect(a.network.peers()).toEqual([]);
        expect(b.network.peers()).toEqual([]);
      });

      it('can be made again afterwards', async () => {
        const [a, b] = await pair();
        await setting.settle(a.network.disconnect(b.network.self, 'for a test'));
        await setting.until(() => b.witness.disconnections.length > 0, 'disconnected');
        await setting.settle(b.network.dial(addressOf(a)));
        await setting.until(() => a.witness.connections.length === 2, 'connected again');
      });

      it('end when a side stops', async () => {
        const [a, b] = await pair();
        await setting.settle(b.network.stop());
        await setting.until(() => a.witness.disconnections.length > 0, 'disconnected');
        expect(a.network.peers()).toEqual([]);
      });

      it('are refused to whom is banned, until the ban ends', async () => {
        const [a, b] = await pair();
        await setting.settle(a.network.ban(b.network.self, 3_600_000, 'misdeeds'));
        await setting.until(
          () => a.witness.disconnections.length > 0 && b.witness.disconnections.length > 0,
          'both sides are disconnected',
        );
        await expect(setting.settle(b.network.dial(addressOf(a)))).rejects.toThrow(OperationError);
        await expect(setting.settle(a.network.dial(addressOf(b)))).rejects.toThrow(OperationError);
        expect(a.network.peers()).toEqual([]);
        await setting.settle(a.network.ban(b.network.self, 0, 'misdeeds'));
        await setting.settle(b.network.dial(addressOf(a)));
        await setting.until(() => a.network.peers().length === 1, 'connected again');
      });

      it('to oneself are refused with an OperationError', async () => {
        const a = await station();
        await expect(setting.settle(a.network.dial(addressOf(a)))).rejects.toThrow(OperationError);
      });

      it('to where nobody listens any more are refused with an OperationError', async () => {
        const [a, b] = [await station(), await station()];
        const address = addressOf(b);
        await setting.settle(b.network.stop());
        await expect(setting.settle(a.network.dial(address))).rejects.toThrow(OperationError);
      });
    });

    describe('requests', () => {
      it('bring the chunks in order', async () => {
        const peers = await pair({
          handler: (asked) => [asked, bytes(), bytes(9), new Uint8Array(1_024).fill(7)],
        });
        expect(await request(peers)).toEqual([
          bytes(1, 2, 3),
          bytes(),
          bytes(9),
          new Uint8Array(1_024).fill(7),
        ]);
      });

      it('may bring nothing', async () => {
        expect(await request(await pair({ handler: () => [] }))).toEqual([]);
      });

      it('tell the handler who asks', async () => {
        const askers: PeerId[] = [];
        const peers = await pair({
          handler: (_, from) => {
            askers.push(from);
            return [];
          },
        });
        await request(peers);
        expect(askers).toEqual([peers[0].network.self]);
      });

      it('may be answered by a generator that waits', async () => {
        const peers = await pair({
          handler: async function* (asked) {
            await Promise.resolve();
            yield asked;
            await Promise.resolve();
            yield bytes(4);
          },
        });
        expect(await request(peers)).toEqual([bytes(1, 2, 3), bytes(4)]);
      });

      it('work both ways', async () => {
        const [a, b] = await pair();
        expect(await request([b, a])).toEqual([bytes(1, 2, 3)]);
      });

      it.each<[string, () => Uint8Array[]]>([
        [
          'invalid',
          () => {
            throw new RequestRefused('invalid', 'for a test');
          },
        ],
        [
          'too many',
          () => {
            throw new RequestRefused('busy', 'for a test');
          },
        ],
        [
          'malformed by a rule',
          () => {
            throw new RuleError('malformed-encoding');
          },
        ],
        [
          'beyond the handler',
          () => {
            throw new Error('for a test');
          },
        ],
      ])('that are %s are refused', async (_, handler) => {
        const peers = await pair({ handler });
        expect(await failure(request(peers))).toBe('refused');
        expect(peers[0].network.peers()).toHaveLength(1);
      });

      it('are refused when a generator refuses before its first chunk', async () => {
        const peers = await pair({
          // biome-ignore lint/correctness/useYield: it throws instead, as a handler may
          handler: async function* () {
            throw new RequestRefused('invalid', 'for a test');
          },
        });
        expect(await failure(request(peers))).toBe('refused');
      });

      it('that are longer than the handler takes are refused', async () => {
        const [asker, answerer] = await pair();
        const tooLong = new Uint8Array(65);
        expect(
          await failure(
            setting.settle(asker.network.request(answerer.network.self, 'headers', tooLong, LIMITS)),
          ),
        ).toBe('refused');
      });

      it('the peer does not handle are unsupported', async () => {
        const [asker, answerer] = await pair();
        expect(
          await failure(
            setting.settle(asker.network.request(answerer.network.self, 'pool', bytes(), LIMITS)),
          ),
        ).toBe('unsupported');
      });

      it('to who is not connected fail as disconnected', async () => {
        const [a, b] = [await station(), await station()];
        expect(await failure(request([a, b]))).toBe('disconnected');
      });

      it('whose answer has a chunk too long are malformed', async () => {
        const peers = await pair({ handler: () => [new Uint8Array(1_025)] });
        expect(await failure(request(peers))).toBe('malformed');
      });

      it('whose answer has too many chunks are malformed', async () => {
        const peers = await pair({ handler: () => [1, 2, 3, 4, 5].map((value) => bytes(value)) });
        expect(await failure(request(peers))).toBe('malformed');
      });

      it('without an answer in time fail as timeout', async () => {
        const peers = await pair({
          handler: async function* () {
            await new Promise(() => undefined);
          },
        });
        expect(await failure(request(peers, { ...LIMITS, deadlineMs: 100 }))).toBe('timeout');
      });
    });

    describe('gossip', () => {
      it('reaches everybody, and not the one who said it', async () => {
        const [a, b, c, d] = [await station(), await station(), await station(), await station()];
        await connect(a, b);
        await connect(b, c);
        await connect(c, d);
        await connect(d, a);
        await published(a, [b, c, d]);
        expect(a.heard).toEqual([]);
      });

      /** Publishes until everybody listed has heard something: subscriptions travel too. */
      async function published(from: Station, to: readonly Station[]): Promise<void> {
        let count = 0;
        await setting.until(() => {
          if (to.every(({ heard }) => heard.length > 0)) return true;
          void from.network.publish('block', bytes(count++ & 255, count >> 8));
          return false;
        }, 'everybody has heard it');
      }

      it.each<Verdict>(['reject', 'ignore'])('is not passed on by who says %s', async (verdict) => {
        const [a, c] = [await station(), await station()];
        const between = await station({ verdict });
        await connect(a, between);
        await connect(between, c);
        await published(a, [between]);
        // What the one between says itself does arrive, so the way is open and there was time.
        await published(between, [c]);
        for (const message of between.heard) expect(c.heard).not.toContainEqual(message);
      });

      it('to nobody is no error', async () => {
        const a = await station();
        await setting.settle(a.network.publish('block', bytes(1)));
      });

      it('outlives a check that throws', async () => {
        const a = await station();
        const b = await setting.create();
        const witness = new Witness();
        let checks = 0;
        b.handle('headers', 64, () => []);
        b.subscribe('block', async () => {
          checks++;
          throw new Error('for a test');
        });
        await setting.settle(b.start(witness));
        stations.push({ network: b, witness, heard: [] });
        await setting.settle(b.dial(addressOf(a)));
        let count = 0;
        await setting.until(() => {
          void a.network.publish('block', bytes(count++ & 255, count >> 8));
          return checks > 2;
        }, 'it checks on');
        expect(b.peers()).toHaveLength(1);
      });
    });

    describe('stopping', () => {
      it('may be repeated', async () => {
        const a = await station();
        await setting.settle(Promise.all([a.network.stop(), a.network.stop()]).then(() => undefined));
        await setting.settle(a.network.stop());
      });

      it('without having started does no harm', async () => {
        const network = await setting.create();
        await setting.settle(network.stop());
      });
    });
  });
}
