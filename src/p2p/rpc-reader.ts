/**
 * Counts what a frame of gossip holds while its bytes come, without keeping them: its messages, and all else that gossipsub's
 * decoder makes an object of. A frame is protobuf: fields, each a number and a wire type, and mostly a length and as many
 * bytes, which may be fields again.
 *
 * The decoder takes more than any encoder writes (numbers with idle bytes, fields longer than what is around them), and two
 * readers of such bytes would soon part. So what no encoder writes ends the reading, and counts as a frame full of messages.
 */

/** Of each list in a frame, as many gossipsub decodes: fifty daemons that each send ten batches a second make about 1,000. */
export const MAX_IDS_IN_FRAME = 2_048;

export interface GossipCount {
  frames: number;
  messages: number;
  /** All other fields of some length: topics, data, message ids, and what they are in. */
  fields: number;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;
/** A varint of 64 bits. */
const MAX_VARINT_BYTES = 10;
const LARGEST_UINT32 = 0xffff_ffff;

interface Field {
  readonly wire: typeof VARINT | typeof LENGTH;
  readonly counts?: 'messages' | 'fields';
  readonly inside?: Fields;
}
type Fields = Readonly<Record<number, Field>>;
interface Level {
  readonly fields: Fields;
  /** Where it is over, in the frame. */
  readonly end: number;
}

const text: Field = { wire: LENGTH, counts: 'fields' };
const number: Field = { wire: VARINT };
const part = (inside: Fields): Field => ({ ...text, inside });
const CONTROL: Fields = {
  // Ids offered, ids asked for, grafts, prunes, ids declined.
  ...{ 1: part({ 1: text, 2: text }), 2: part({ 1: text }), 3: part({ 1: text }) },
  ...{ 4: part({ 1: text, 2: text, 3: number }), 5: part({ 1: text }) },
};
const MESSAGE: Fields = { 1: text, 2: text, 3: text, 4: text, 5: text, 6: text };
const FRAME: Fields = {
  1: part({ 1: number, 2: text }),
  2: { wire: LENGTH, counts: 'messages', inside: MESSAGE },
  3: part(CONTROL),
};

export class RpcReader {
  readonly #length: number;
  readonly #levels: Level[];
  #at = 0;
  /** Bytes to come that do not matter. */
  #skipped = 0;
  #reading: 'tag' | 'length' | 'value' = 'tag';
  #field: Field | undefined;
  #value = 0;
  #valueBytes = 0;

  constructor(length: number) {
    this.#length = length;
    this.#levels = [{ fields: FRAME, end: length }];
  }

  /** Of the frame, bytes to come. */
  get left(): number {
    return this.#length - this.#at;
  }

  /** @param bytes that come next, and no more than are left */
  take(bytes: Uint8Array, count: GossipCount): void {
    for (let index = 0; index < bytes.length; ) {
      const step = Math.min(this.#skipped, bytes.length - index);
      this.#skipped -= step;
      this.#at += step;
      index += step;
      const byte = bytes[index++];
      if (byte === undefined) return;
      this.#takeByte(byte, count);
    }
  }

  #takeByte(byte: number, count: GossipCount): void {
    if (this.#reading === 'tag' && this.#valueBytes === 0) this.#leaveLevels();
    this.#at++;
    this.#value += (byte & 0x7f) * 2 ** (7 * this.#valueBytes);
    this.#valueBytes++;
    if (byte >= 0x80) {
      if (this.#valueBytes === MAX_VARINT_BYTES) this.#giveUp(count);
      return;
    }
    const isIdle = byte === 0 && this.#valueBytes > 1;
    const [value, level] = [this.#value, this.#levels.at(-1)];
    this.#value = 0;
    this.#valueBytes = 0;
    const isTooLarge = this.#reading !== 'value' && value > LARGEST_UINT32;
    if (isIdle || isTooLarge || level === undefined || this.#at > level.end) this.#giveUp(count);
    else if (this.#reading === 'tag') this.#takeTag(value >>> 3, value & 7, level, count);
    else if (this.#reading === 'length') this.#takeLength(value, level.end, count);
    else this.#reading = 'tag';
  }

  #leaveLevels(): void {
    while (this.#levels.length > 1 && this.#at >= (this.#levels.at(-1)?.end ?? 0)) this.#levels.pop();
  }

  #takeTag(number: number, wire: number, { end, fields }: Level, count: GossipCount): void {
    const field = fields[number];
    this.#field = field;
    if (number === 0 || (field !== undefined && field.wire !== wire)) this.#giveUp(count);
    else if (wire === VARINT) this.#reading = 'value';
    else if (wire === LENGTH) this.#reading = 'length';
    else if (wire === FIXED_64) this.#skip(8, end, count);
    else if (wire === FIXED_32) this.#skip(4, end, count);
    else this.#giveUp(count);
  }

  #takeLength(length: number, end: number, count: GossipCount): void {
    this.#reading = 'tag';
    const { counts = 'fields', inside } = this.#field ?? {};
    count[counts]++;
    if (inside === undefined || this.#at + length > end) this.#skip(length, end, count);
    else this.#levels.push({ fields: inside, end: this.#at + length });
  }

  #skip(length: number, end: number, count: GossipCount): void {
    if (this.#at + length > end) this.#giveUp(count);
    else this.#skipped = length;
  }

  #giveUp(count: GossipCount): void {
    count.messages += MAX_IDS_IN_FRAME;
    this.#skipped = this.left;
  }
}
