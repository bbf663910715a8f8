/** Clients of a daemon that will be killed: they pay and have blocks mined until it is gone, and note every answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { transactionToJson } from '../../src/client/json.ts';
import { type KeyPair, signPayment } from '../../src/client/keys.ts';
import { ApiError, ConnectionError } from '../../src/client/tally-client.ts';
import { formatAddress } from '../../src/core/address.ts';
import type { NetworkId } from '../../src/core/identifiers.ts';
import type { Acknowledged } from './crash-acknowledged.ts';
import type { TallyProcess } from './tally-process.ts';

const FEE = 1_000n;
const MOST_BLOCKS_ASKED = 4;

export class Workload {
  readonly #network: NetworkId;
  /** They have money from the genesis on. */
  readonly #payers: readonly KeyPair[];
  readonly #acknowledged: Acknowledged;
  readonly #random: () => number;

  constructor(
    network: NetworkId,
    payers: readonly KeyPair[],
    acknowledged: Acknowledged,
    random: () => number,
  ) {
    this.#network = network;
    this.#payers = payers;
    this.#acknowledged = acknowledged;
    this.#random = random;
  }

  /** Goes on until the daemon is gone. */
  async run(daemon: TallyProcess): Promise<void> {
    const actions = [
      ...this.#payers.map((payer) => () => this.#pay(daemon, payer)),
      () => this.#mine(daemon),
    ];
    await Promise.all(actions.map((act) => this.#repeat(daemon, act)));
  }

  async #repeat(daemon: TallyProcess, act: () => Promise<void>): Promise<void> {
    while (daemon.alive) {
      try {
        await act();
      } catch (error) {
        if (error instanceof ConnectionError || isClosing(error)) {
          await daemon.ended;
          return;
        }
        // A reorganisation may come between looking up a sequence and using it.
        if (!(error instanceof ApiError && error.status < 500)) throw error;
      }
      await delay(20 * this.#random());
    }
  }

  async #pay({ client }: TallyProcess, payer: KeyPair): Promise<void> {
    const sender = formatAddress(payer.address);
    const { pending } = await client.call('account', { params: { address: sender } });
    const { id, signed } = signPayment(this.#network, payer, {
      recipient: payer.address,
      sequence: BigInt(pending.sequence),
      amount: BigInt(1 + Math.floor(1_000 * this.#random())),
      fee: FEE,
    });
    await client.call('submit', { body: transactionToJson(id, signed) });
    this.#acknowledged.addTransaction({ id, sender, sequence: pending.sequence });
  }

  async #mine({ client }: TallyProcess): Promise<void> {
    const blocks = 1 + Math.floor(MOST_BLOCKS_ASKED * this.#random());
    const { ids } = await client.call('mine', { body: { blocks } });
    this.#acknowledged.addBlocks(ids);
  }
}

/** It was told to stop. */
function isClosing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 503;
}
