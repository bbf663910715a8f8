/** What daemons say to each other by mDNS, and what of it is believed. */

import { multiaddr } from '@multiformats/multiaddr';
import { decode, encode, type Packet } from 'dns-packet';
import { expect, it } from 'vitest';
import { MAX_DATAGRAM_BYTES, MAX_RECORDS } from '../../src/p2p/mdns/datagram-gate.ts';
import { answerOf, isQuestionFor, MAX_ADDRESSES, readAnswer } from '../../src/p2p/mdns/service-records.ts';

const TAG = '_tally-1a2b3c4d._udp.local';
const PEER = '12D3KooWMhFciCBAsT984dTBQMxt3YCg95Y6wV76aGotKSdjUKaJ';
const OTHER = '12D3KooWSANsqikDELQdfCVVdWTDrpNa2FnSsDo2o1QzDZA7QksZ';

/** As it comes over the wire. */
function told(texts: readonly string[], more: Partial<Packet> = {}): Packet {
  const answers = [
    { name: TAG, type: 'PTR', data: `x.${TAG}` } as const,
    ...texts.map((data) => ({ name: `x.${TAG}`, type: 'TXT', data }) as const),
  ];
  return decode(encode({ type: 'response', answers, ...more }));
}

it('an answer says where a peer is, and is understood', () => {
  const addresses = ['/ip4/192.168.1.7/tcp/4141', '/ip6/fd00::7/tcp/4141'].map((at) =>
    multiaddr(`${at}/p2p/${PEER}`),
  );
  const answers = [...answerOf(TAG, 'instance', addresses)];
  expect(readAnswer(TAG, decode(encode({ type: 'response', answers })))).toEqual({
    peer: PEER,
    addresses: addresses.map(String),
  });
});

it('an address of the wide world is not told on a LAN', () => {
  const answers = answerOf(TAG, 'instance', [multiaddr(`/ip4/8.8.8.8/tcp/4141/p2p/${PEER}`)]);
  expect(answers.map(({ type }) => type)).toEqual(['PTR']);
});

it('the longest answer fits what others decode', () => {
  const addresses = Array.from({ length: 2 * MAX_ADDRESSES }, (_, at) =>
    multiaddr(`/ip6/fd00:1111:2222:3333:4444:5555:6666:${(at + 4096).toString(16)}/tcp/41414/p2p/${PEER}`),
  );
  const answers = [...answerOf(TAG, 'i'.repeat(36), addresses)];
  expect(answers).toHaveLength(1 + MAX_ADDRESSES);
  expect(answers.length).toBeLessThanOrEqual(MAX_RECORDS);
  expect(encode({ type: 'response', answers }).length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
});

it('only a question for this network is one for us', () => {
  const ask = (name: string) => decode(encode({ type: 'query', questions: [{ name, type: 'PTR' }] }));
  expect(isQuestionFor(TAG, ask(TAG))).toBe(true);
  expect(isQuestionFor(TAG, ask('_ipp._tcp.local'))).toBe(false);
  expect(isQuestionFor(TAG, decode(encode({ type: 'query', questions: [] })))).toBe(false);
});

it.each([
  ['no address', []],
  ['an address of no peer', ['dnsaddr=/ip4/192.168.1.7/tcp/4141']],
  ['no multiaddr', ['dnsaddr=somewhere']],
  ['a peer id that is none', ['dnsaddr=/ip4/192.168.1.7/tcp/4141/p2p/zzz']],
  ['other text', ['hello']],
])('%s: it is not told of', (_, texts) => {
  expect(readAnswer(TAG, told(texts))).toBeUndefined();
});

it('another service is not told of', () => {
  expect(readAnswer('_tally-ffffffff._udp.local', told([`dnsaddr=/ip4/10.0.0.7/tcp/1/p2p/${PEER}`]))).toBe(
    undefined,
  );
});

it('all addresses are of the peer that is named first, and they are few', () => {
  const texts = Array.from(
    { length: 30 },
    (_, at) => `dnsaddr=/ip4/10.0.0.${at}/tcp/1/p2p/${at % 2 ? OTHER : PEER}`,
  );
  const found = readAnswer(TAG, told(texts));
  expect(found?.peer).toBe(PEER);
  expect(found?.addresses).toHaveLength(MAX_ADDRESSES);
  expect(found?.addresses.every((address) => address.endsWith(`/p2p/${PEER}`))).toBe(true);
});
