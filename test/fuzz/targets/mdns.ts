/** Datagrams of mDNS, as any machine of the LAN may send them. */
import { decode, encode } from 'dns-packet';
import { DatagramGate, MAX_DATAGRAM_BYTES } from '../../../src/p2p/mdns/datagram-gate.ts';
import { isQuestionFor, MAX_ADDRESSES, readAnswer } from '../../../src/p2p/mdns/service-records.ts';
import { type FuzzTarget, must } from '../engine/target.ts';

const TAG = '_tally-1a2b3c4d._udp.local';
const PEER = '12D3KooWMhFciCBAsT984dTBQMxt3YCg95Y6wV76aGotKSdjUKaJ';

function execute(input: Uint8Array): void {
  const datagram = Buffer.from(input);
  const gate = new DatagramGate(
    () => 0,
    TAG,
    () => ['127.0.0.1/8'],
  );
  if (!gate.admits(datagram, '127.0.0.1')) return;
  let packet: ReturnType<typeof decode>;
  try {
    packet = decode(datagram);
  } catch {
    // So does the library that listens.
    return;
  }
  isQuestionFor(TAG, packet);
  const found = readAnswer(TAG, packet);
  if (found === undefined) return;
  must(found.addresses.length > 0 && found.addresses.length <= MAX_ADDRESSES, 'so many addresses');
  for (const address of found.addresses)
    must(address.endsWith(`/p2p/${found.peer}`), `${address} of ${found.peer}`);
}

export const mdnsTargets: readonly FuzzTarget[] = [
  {
    name: 'mdns',
    shape: 'bytes',
    maxBytes: MAX_DATAGRAM_BYTES,
    seeds: () => [
      encode({ type: 'query', questions: [{ name: TAG, type: 'PTR' }] }),
      encode({
        type: 'response',
        answers: [
          { name: TAG, type: 'PTR', data: `x.${TAG}` },
          { name: `x.${TAG}`, type: 'TXT', data: `dnsaddr=/ip4/10.0.0.7/tcp/4141/p2p/${PEER}` },
        ],
      }),
    ],
    words: ['dnsaddr=', '/p2p/', '/ip4/', '/ip6/', '\u0000\u0010', '\u00c0\u000c'],
    open: () => ({ execute }),
  },
];
