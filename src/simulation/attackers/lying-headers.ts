/** Claims more work, and shows headers that break rules, lead nowhere, or go on and on. */
import type { SealedHeader } from '../../core/types.ts';
import { HeadersType, StatusType } from '../../node/wire.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';
import { after, forgeBlock, type Place } from './forge.ts';

/** Headers of an answer: their proof of work is real and takes time. */
const MAX_HEADERS = 20;

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

  /** From the genesis on; the last may break a rule. */
  function headers(): Uint8Array {
    let place: Place = { id: genesisId, header: genesis.sealed.header, parentHeader: undefined, work: 0n };
    const run: SealedHeader[] = [];
    const broken = random.integer(4);
    for (let i = 0; i < MAX_HEADERS; i++) {
      const isLast = i === MAX_HEADERS - 1;
      const block = forgeBlock(params, place, random, {
        timestampMs: Number(place.header.timestamp) + 1 + random.integer(Number(params.blockInterval)),
        isSealed: !(isLast && broken === 1),
        header: isLast && broken === 2 ? { bits: 0x207f_ffff } : {},
      });
      run.push(block.sealed);
      place = after(place, block);
    }
    if (broken === 3) run.splice(1, 1);
    return HeadersType.serialize(run);
  }
};
