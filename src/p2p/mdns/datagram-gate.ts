/**
 * Which datagrams are worth decoding. A machine of the LAN can send any, and as many as it likes; and what is in one may point
 * to other parts of it, or say that it is longer than it is, so that the library takes a second for 64 KB.
 */
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Rate, TokenBuckets } from '../token-buckets.ts';

/** Of one datagram: an answer with the most addresses, each at its longest, has 6,000. */
export const MAX_DATAGRAM_BYTES = 6_144;
/** In one datagram: an answer has one for the service, and one for each address. */
export const MAX_RECORDS = 32;
/** Daemons on one machine: each asks now and then, and answers once a second at most. */
export const RATE_OF_SENDER: Rate = { burst: 100, perSecond: 50 };
/** All daemons of a LAN. A machine that sends more may give a false address for each: a share for senders alone would not hold. */
export const RATE_OF_ALL: Rate = { burst: 400, perSecond: 200 };

/** Where in a message of DNS the numbers of its records are, two bytes each. */
const COUNTS = [4, 6, 8, 10] as const;
const HEADER_BYTES = 12;
/** Of a question behind its name: type and class. */
const QUESTION_BYTES = 4;
/** Of a record behind its name: type, class, time to live, and the length of its data. */
const RECORD_BYTES = 10;
const PTR = 12;
const TXT = 16;
/** Of a label; what begins with more is a pointer (RFC 1035, Message compression). */
const LONGEST_LABEL_BYTES = 63;

export class DatagramGate {
  readonly #rates: TokenBuckets;
  readonly #label: Buffer;
  readonly #onLink: () => readonly string[];
  #local: BlockList;

  /**
   * @param now ms on a clock that never runs back
   * @param serviceTag what our own messages speak of
   * @param onLink the networks this machine is in, such as `192.168.1.7/24`
   */
  constructor(now: () => number, serviceTag: string, onLink: () => readonly string[] = networksOfMachine) {
    this.#rates = new TokenBuckets(now);
    const label = Buffer.from(serviceTag.split('.', 1)[0] ?? '');
    this.#label = Buffer.from([label.length, ...label]);
    this.#onLink = onLink;
    this.#local = blockListOf(onLink());
  }

  /** To be called now and then: a machine changes its networks. */
  refresh(): void {
    try {
      this.#local = blockListOf(this.#onLink());
    } catch {
      // The process may open no more files just now: they are as they were.
    }
  }

  /** @param sender an IPv4 address */
  admits(datagram: Buffer, sender: string): boolean {
    if (datagram.length < HEADER_BYTES || datagram.length > MAX_DATAGRAM_BYTES) return false;
    const records = COUNTS.reduce((sum, offset) => sum + datagram.readUInt16BE(offset), 0);
    if (records > MAX_RECORDS || !datagram.includes(this.#label)) return false;
    // RFC 6762, Source Address Check: what comes from beyond the link is no mDNS.
    if (!this.#local.check(sender) || !isPlain(datagram)) return false;
    return this.#rates.take(sender, RATE_OF_SENDER) && this.#rates.take('all', RATE_OF_ALL);
  }
}

/** What daemons say to each other, and no more: names written out, records that are pointers to services or text. */
function isPlain(datagram: Buffer): boolean {
  let at = HEADER_BYTES;
  const [questions = 0, ...others] = COUNTS.map((offset) => datagram.readUInt16BE(offset));
  for (let left = questions; left > 0; left--) {
    const end = endOfName(datagram, at);
    if (end === undefined) return false;
    at = end + QUESTION_BYTES;
  }
  for (let left = others.reduce((sum, count) => sum + count, 0); left > 0; left--) {
    const head = endOfName(datagram, at);
    if (head === undefined || head + RECORD_BYTES > datagram.length) return false;
    const type = datagram.readUInt16BE(head);
    const data = head + RECORD_BYTES;
    at = data + datagram.readUInt16BE(data - 2);
    if (at > datagram.length) return false;
    if (type !== TXT && !(type === PTR && endOfName(datagram, data) === at)) return false;
  }
  return at <= datagram.length;
}

/** @returns what is behind the name; undefined if it is cut off, or points elsewhere */
function endOfName(datagram: Buffer, start: number): number | undefined {
  for (let at = start; ; ) {
    const length = datagram[at];
    if (length === undefined || length > LONGEST_LABEL_BYTES) return undefined;
    at += 1 + length;
    if (length === 0) return at;
  }
}

function networksOfMachine(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? [cidr] : []));
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = '32'] = network.split('/');
    list.addSubnet(address, Number(bits));
  }
  return list;
}
