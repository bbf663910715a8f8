/** Claims more work, and shows headers that break rules, lead nowhere, or go on and on. */
import type { SealedHeader } from '../../core/types.ts';
import { HeadersType, StatusType } from '../../node/wire.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';
import { after, type Forgery, forgeBlock, type Place } from './forge.ts';

/** Headers of an answer: their proof of work is real and takes time. */
const MAX_HEADERS = 20;
/**
 * Of the honest chain's work. The hashing takes no virtual time, so without a bound it would be the attack of a
 * majority, against which no rule protects anybody.
 */
const MAX_WORK_SHARE = 2n;

export const lyingHeaders: CreateAttack = (context) => {
  const { random, world } = context;
  const { genesis, genesisId, idBytes, params } = world.definition;
  return passive(
    addIdentities(
      context,
      (network) =>
        new LyingNetwork(network, (protocol, honest) => {
          if (protocol === 'status') return () => [claim()];
          return protocol === 'headers' ? () => [random.chance(0.2) ? random.bytes(300) : headers()] : honest;
        }),
    ),
  );

  function claim(): Uint8Array {
    return StatusType.serialize({
      networkId: idBytes,
      tip: random.bytes(32),
      height: 10_000n,
      work: 2n ** 100n,
      clock: BigInt(Math.floor(world.scheduler.nowMs)),
    });
  }

  function honestWork(): bigint {
    const running = world.honest.filter(({ isRunning }) => isRunning);
    return running.reduce((most, { node }) => (node.chain.tip.work > most ? node.chain.tip.work : most), 0n);
  }

  /** From the genesis on; the last may break a rule. */
  function headers(): Uint8Array {
    let place: Place = { id: genesisId, header: genesis.sealed.header, parentHeader: undefined, work: 0n };
    const run: SealedHeader[] = [];
    const broken = random.integer(4);
    const most = honestWork() / MAX_WORK_SHARE;
    const extend = (forgery: Partial<Forgery> = {}): void => {
      const timestampMs = Number(place.header.timestamp) + 1 + random.integer(Number(params.blockInterval));
      const block = forgeBlock(params, place, random, { timestampMs, ...forgery });
      run.push(block.sealed);
      place = after(place, block);
    };
    do extend();
    while (run.length < MAX_HEADERS - 1 && place.work < most);
    if (broken === 1) extend({ isSealed: false });
    if (broken === 2) extend({ header: { bits: 0x207f_ffff } });
    if (broken === 3) run.splice(1, 1);
    return HeadersType.serialize(run);
  }
};
