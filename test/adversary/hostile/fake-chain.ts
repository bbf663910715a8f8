/** Answers to sync from a chain of the attacker's own: some headers, and as many bodies as it likes to give. */
import { assembleList, encodeBlock, encodeSealedHeader } from '../../../src/core/encoding.ts';
import { blockId } from '../../../src/core/hashing.ts';
import { bytesToHex } from '../../../src/core/hex.ts';
import type { Block } from '../../../src/core/types.ts';
import { BlocksRequestType, HeadersRequestType, MAX_HEADERS } from '../../../src/node/wire.ts';
import type { Answer } from './peer.ts';

/**
 * The headers after the first id of the locator that is on this chain; the first ones if none is.
 *
 * @param chain in order
 * @param under the id of the block before it
 */
export function headersFrom(chain: readonly Block[], under: string): Answer {
  const places = new Map(chain.map(({ sealed }, index) => [blockId(sealed) as string, index + 1]));
  places.set(under, 0);
  const encoded = chain.map(({ sealed }) => encodeSealedHeader(sealed));
  return (request) => {
    const { locator } = HeadersRequestType.deserialize(request);
    const start = locator.map((id) => places.get(bytesToHex(id))).find((place) => place !== undefined) ?? 0;
    return [assembleList(encoded.slice(start, start + MAX_HEADERS))];
  };
}

/** Bodies of these blocks. */
export function bodiesOf(blocks: readonly Block[]): Answer {
  const bodies = new Map(blocks.map((block) => [blockId(block.sealed) as string, encodeBlock(block)]));
  return (request) => {
    const { ids } = BlocksRequestType.deserialize(request);
    return ids.flatMap((id) => bodies.get(bytesToHex(id)) ?? []);
  };
}
