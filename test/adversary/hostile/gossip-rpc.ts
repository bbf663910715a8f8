/** Gossipsub's frames, protobuf by hand: also those that no implementation would send. */
import { withLength } from '../../../src/p2p/chunk-stream.ts';

const LENGTH_DELIMITED = 2;
const RPC = { subscriptions: 1, messages: 2, control: 3 } as const;
const CONTROL = { ihave: 1, iwant: 2, graft: 3, prune: 4, idontwant: 5 } as const;

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function field(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(value.length), value]);
}

function flag(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What a stream carries: one frame behind its length. */
function rpc(...parts: Uint8Array[]): Uint8Array {
  return withLength(Buffer.concat(parts));
}

export function subscriptions(topics: readonly string[], isOn = true): Uint8Array {
  return rpc(
    ...topics.map((topic) =>
      field(RPC.subscriptions, Buffer.concat([flag(1, isOn ? 1 : 0), field(2, text(topic))])),
    ),
  );
}

export function publications(topic: string, messages: readonly Uint8Array[]): Uint8Array {
  return rpc(
    ...messages.map((data) => field(RPC.messages, Buffer.concat([field(2, data), field(4, text(topic))]))),
  );
}

export function ihave(topic: string, ids: readonly Uint8Array[]): Uint8Array {
  const parts = [field(1, text(topic)), ...ids.map((id) => field(2, id))];
  return rpc(field(RPC.control, field(CONTROL.ihave, Buffer.concat(parts))));
}

export function iwant(ids: readonly Uint8Array[]): Uint8Array {
  return rpc(field(RPC.control, field(CONTROL.iwant, Buffer.concat(ids.map((id) => field(1, id))))));
}

export function idontwant(ids: readonly Uint8Array[]): Uint8Array {
  return rpc(field(RPC.control, field(CONTROL.idontwant, Buffer.concat(ids.map((id) => field(1, id))))));
}

/** `graft` and `prune` again and again in one frame. */
export function graftAndPrune(topic: string, times: number): Uint8Array {
  const graft = field(CONTROL.graft, field(1, text(topic)));
  const prune = field(CONTROL.prune, field(1, text(topic)));
  return rpc(field(RPC.control, Buffer.concat(Array.from({ length: times }, () => [graft, prune]).flat())));
}
