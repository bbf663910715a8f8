/** What of a LAN's mDNS is decoded at all. */
import { encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import {
  DatagramGate,
  MAX_DATAGRAM_BYTES,
  MAX_RECORDS,
  RATE_OF_ALL,
  RATE_OF_SENDER,
} from '../../src/p2p/mdns/datagram-gate.ts';

const TAG = '_tally-1a2b3c4d._udp.local';
const SENDER = '192.168.1.7';

function question(name = TAG, count = 1): Buffer {
  return encode({ type: 'query', questions: Array.from({ length: count }, () => ({ name, type: 'PTR' })) });
}

function gate(now = () => 0): DatagramGate {
  return new DatagramGate(now, TAG, () => ['127.0.0.1/8', '192.168.1.4/24']);
}

describe('a datagram', () => {
  it('of this network, from this link, is let in', () => {
    expect(gate().admits(question(), SENDER)).toBe(true);
    expect(gate().admits(question(), '127.0.0.1')).toBe(true);
  });

  it('of another service is not decoded', () => {
    expect(gate().admits(question('_ipp._tcp.local'), SENDER)).toBe(false);
    expect(gate().admits(question('_tally-ffffffff._udp.local'), SENDER)).toBe(false);
  });

  it('from beyond the link is none of mDNS', () => {
    for (const sender of ['192.168.2.7', '203.0.113.7'])
      expect(gate().admits(question(), sender)).toBe(false);
  });

  it('that is long, or has many records, is not decoded', () => {
    const long = Buffer.concat([question(), Buffer.alloc(MAX_DATAGRAM_BYTES)]);
    expect(gate().admits(long, SENDER)).toBe(false);
    expect(gate().admits(question(TAG, MAX_RECORDS + 1), SENDER)).toBe(false);
    expect(gate().admits(question().subarray(0, 11), SENDER)).toBe(false);
  });

  it('is one of few from each sender, and of all senders together', () => {
    let now = 0;
    const door = gate(() => now);
    const admitted = (sender: string, count: number) =>
      Array.from({ length: count }, () => door.admits(question(), sender)).filter(Boolean).length;
    expect(admitted(SENDER, 1_000)).toBe(RATE_OF_SENDER.burst);
    expect(admitted('192.168.1.8', 10)).toBe(10);
    for (let last = 10; last < 250; last++) admitted(`192.168.1.${last}`, 10);
    expect(admitted('192.168.1.9', 10)).toBe(0);
    now = 1_000;
    expect(admitted(SENDER, 1_000)).toBe(RATE_OF_SENDER.perSecond);
    expect(RATE_OF_ALL.perSecond).toBeGreaterThan(RATE_OF_SENDER.perSecond);
  });
});

describe('a datagram that would take the library long', () => {
  const TXT = 16;
  /** As DNS has it: numbers of records, and the records. */
  function message(records: number, body: Buffer): Buffer {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(records, 6);
    return Buffer.concat([head, body]);
  }
  const text = (length: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(11);
    head.writeUInt16BE(TXT, 1);
    head.writeUInt16BE(length, 9);
    return Buffer.concat([head, data]);
  };
  const named = Buffer.concat([Buffer.from([15]), Buffer.from('_tally-1a2b3c4d')]);

  it('for a record says that it is longer than it is', () => {
    expect(gate().admits(message(1, text(named.length, named)), SENDER)).toBe(true);
    expect(gate().admits(message(1, text(named.length + 1, named)), SENDER)).toBe(false);
    expect(gate().admits(message(2, text(named.length, named)), SENDER)).toBe(false);
  });

  it('for its names point to each other', () => {
    const pointer = Buffer.from([0xc0, 12, 0, 12, 0, 1]);
    const asked = Buffer.alloc(12);
    asked.writeUInt16BE(1, 4);
    expect(gate().admits(Buffer.concat([asked, pointer, named]), SENDER)).toBe(false);
  });

  it('for its records are of kinds no daemon sends', () => {
    const nsec = text(named.length, named);
    nsec.writeUInt16BE(47, 1);
    expect(gate().admits(message(1, nsec), SENDER)).toBe(false);
  });
});
