/** Users: a payment ten times a second, each payer's one after the other, each by the daemon it always uses. */
import type { KeyPair } from '../../src/client/keys.ts';
import { formatAddress } from '../../src/core/address.ts';
import { encodeSignedTransaction } from '../../src/core/encoding.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import type { Target } from './attack.ts';
import type { HonestNetwork } from './honest-network.ts';
import { call } from './hostile/http.ts';
import { signWith } from './hostile/sign.ts';
import { LONGEST_MS, type Timeline } from './timeline.ts';

const PAYMENT_EVERY_MS = 100;
/** Four times the least a daemon takes, so that it does not matter how full the pool is of the cheapest. */
const FEE = 4n * 160n;
const ACCEPTED = 202;

interface Payer {
  readonly key: KeyPair;
  readonly target: Target;
  /** Undefined until it has been asked for. */
  sequence: bigint | undefined;
  isBusy: boolean;
}

export class Load {
  readonly #network: HonestNetwork;
  readonly #timeline: Timeline;
  readonly #payers: Payer[];
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(network: HonestNetwork, timeline: Timeline) {
    this.#network = network;
    this.#timeline = timeline;
    this.#payers = network.payers.map((key, number) => ({
      key,
      target: network.targets[number % network.targets.length] as Target,
      sequence: undefined,
      isBusy: false,
    }));
  }

  start(): void {
    this.#timer = setInterval(() => void this.#payNext(), PAYMENT_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #payNext(): Promise<void> {
    const payer = this.#payers[this.#next++ % this.#payers.length] as Payer;
    // Its last payment is not answered yet: that one's latency tells.
    if (payer.isBusy) return;
    payer.isBusy = true;
    try {
      await this.#pay(payer);
    } finally {
      payer.isBusy = false;
    }
  }

  async #pay(payer: Payer): Promise<void> {
    const atMs = performance.now();
    try {
      payer.sequence ??= await pendingSequence(payer);
      const recipient = (this.#payers[this.#next % this.#payers.length] as Payer).key.address;
      const signed = signWith(this.#network.definition.id, payer.key, {
        sender: idToBytes(payer.key.address),
        sequence: payer.sequence,
        recipient: idToBytes(recipient),
        amount: 1n,
        fee: FEE,
        data: new Uint8Array(0),
      });
      const submittedAtMs = performance.now();
      const { status } = await call(`${payer.target.api}/v1/transactions`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: encodeSignedTransaction(signed),
        deadlineMs: LONGEST_MS,
      });
      this.#timeline.submissions.push({ atMs, tookMs: performance.now() - submittedAtMs });
      payer.sequence = status === ACCEPTED ? payer.sequence + 1n : undefined;
    } catch {
      this.#timeline.submissions.push({ atMs, tookMs: LONGEST_MS });
      // It may have been taken all the same.
      payer.sequence = undefined;
    }
  }
}

async function pendingSequence({ key, target }: Payer): Promise<bigint> {
  const { body } = await call(`${target.api}/v1/accounts/${formatAddress(key.address)}`);
  const { pending } = JSON.parse(body.toString()) as { pending: { sequence: number | string } };
  return BigInt(pending.sequence);
}
