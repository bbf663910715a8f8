/** What is in a frame of gossip, counted before gossipsub decodes it: never less than gossipsub finds there. */
import { RPC } from '@libp2p/gossipsub/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GossipCount, MAX_IDS_IN_FRAME, RpcReader } from '../../src/p2p/rpc-reader.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const name = fc.string({ maxLength: 20 });
const several = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 5 });

const control = fc.record({
  ihave: several(fc.record({ topicID: name, messageIDs: several(bytes) })),
  iwant: several(fc.record({ messageIDs: several(bytes) })),
  graft: several(fc.record({ topicID: name })),
  prune: several(fc.record({ topicID: name, backoff: fc.nat() }).map((told) => ({ ...told, peers: [] }))),
  idontwant: several(fc.record({ messageIDs: several(bytes) })),
});
const frame = fc.record(
  {
    subscriptions: several(fc.record({ subscribe: fc.boolean(), topic: name })),
    messages: several(fc.record({ data: bytes, topic: name })),
    control,
  },
  { requiredKeys: ['subscriptions', 'messages'] },
);

type Frame = ReturnType<typeof RPC.decode>;

/** Each of what gossipsub decodes. */
function inside({ control: told, messages, subscriptions }: Frame): Omit<GossipCount, 'frames'> {
  const { ihave = [], iwant = [], graft = [], prune = [], idontwant = [] } = told ?? {};
  const parts = [...ihave, ...iwant, ...graft, ...prune, ...idontwant, ...subscriptions];
  const ids = [...ihave, ...iwant, ...idontwant].flatMap(({ messageIDs }) => messageIDs);
  const texts = [
    ...[...ihave, ...graft, ...prune].map(({ topicID }) => topicID),
    ...subscriptions.map(({ topic }) => topic),
    ...messages.flatMap(({ data, topic }) => [data, topic === '' ? undefined : topic]),
  ].filter((text) => text !== undefined);
  const fields = parts.length + ids.length + texts.length + (told === undefined ? 0 : 1);
  return { messages: messages.length, fields };
}

/** The limit of those that is zero: a prune that names peers is not decoded at all. */
const LIMITS = { limits: { control: { prune$: { peers: 0 } } } };

function count(encoded: Uint8Array, cuts: readonly number[] = []): GossipCount {
  const counted: GossipCount = { frames: 0, messages: 0, fields: 0 };
  const reader = new RpcReader(encoded.length);
  let at = 0;
  for (const cut of [...cuts, encoded.length]) {
    const part = encoded.subarray(at, at + cut);
    reader.take(part, counted);
    at += part.length;
  }
  expect(reader.left).toBe(0);
  return counted;
}

describe('the reader of frames of gossip', () => {
  it('counts all that an encoder writes, however it is cut into pieces', () => {
    fc.assert(
      fc.property(frame, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }), (rpc, cuts) => {
        const encoded = RPC.encode(rpc);
        expect(count(encoded, cuts)).toEqual({ frames: 0, ...inside(RPC.decode(encoded)) });
      }),
      { numRuns: 500 },
    );
  });

  it('counts no less than is decoded, whatever the bytes are', () => {
    const odd = fc.constantFrom(0, 1, 2, 3, 8, 10, 0x12, 0x1a, 0x1b, 0x1c, 0x22, 0x2a, 0x80, 0x81, 0xff);
    const broken = fc
      .tuple(frame, fc.array(fc.tuple(fc.nat(), odd), { maxLength: 4 }))
      .map(([rpc, changes]) => {
        const encoded = RPC.encode(rpc);
        for (const [place, value] of changes) if (encoded.length > 0) encoded[place % encoded.length] = value;
        return encoded;
      });
    const made = fc.array(odd, { maxLength: 40 }).map((values) => Uint8Array.from(values));
    let decoded = 0;
    fc.assert(
      fc.property(fc.oneof(broken, made), (encoded) => {
        const counted = count(encoded);
        let rpc: Frame;
        try {
          rpc = RPC.decode(encoded, LIMITS);
        } catch {
          return;
        }
        decoded++;
        const { messages, fields } = inside(rpc);
        const isGivenUp = counted.messages >= MAX_IDS_IN_FRAME;
        expect(isGivenUp || (counted.messages >= messages && counted.fields >= fields)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(decoded).toBeGreaterThan(1_000);
  });

  it.each<[string, number[]]>([
    ['a number with idle bytes', [0x92, 0x00, 0x00]],
    ['a length beyond the frame', [0x12, 0x05, 0x01]],
    ['a length beyond the part it is in', [0x1a, 0x02, 0x0a, 0x02, 0x0a, 0x00]],
    ['a message said to be a number', [0x10, 0x00]],
    ['a group', [0x0b, 0x0c]],
    ['a field without a number', [0x00, 0x00]],
  ])('takes %s for a frame full of messages', (_, values) => {
    expect(count(Uint8Array.from(values)).messages).toBeGreaterThanOrEqual(MAX_IDS_IN_FRAME);
  });
});
