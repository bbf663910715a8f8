/** What people and programs write down: addresses, amounts, words, records, networks, scenarios, keys. */

import { UsageError } from '../../../src/cli/errors.ts';
import { requireMultiaddrs } from '../../../src/cli/multiaddrs.ts';
import { formatTally, parseAmount } from '../../../src/client/amount.ts';
import { parseWords } from '../../../src/client/mnemonic.ts';
import { decodeRecord, encodeRecord } from '../../../src/client/record.ts';
import { WalletError } from '../../../src/client/wallet-error.ts';
import { formatAddress, parseAddress } from '../../../src/core/address.ts';
import { RuleError } from '../../../src/core/errors.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import { formatNetworkFile, parseNetworkFile } from '../../../src/core/network-file.ts';
import { DEV_PARAMS, defineNetwork, TEST_PARAMS } from '../../../src/core/network-params.ts';
import { OperationError } from '../../../src/node/ports.ts';
import { readSharedKey } from '../../../src/p2p/shared-key.ts';
import { parseScenario } from '../../../src/simulation/scenario-file.ts';
import { decodeBech32m, encodeBech32m } from '../../support/independent-bech32m.ts';
import { bytesOf, type FuzzTarget, must, refusedBy, refusedLaterBy, textOf } from '../engine/target.ts';
import { NETWORK, POOR, RICH } from './examples.ts';

/** A command that reads a file has all the time a person has. */
const COMMAND_STILL_MS = 100;

function executeAddress(input: Uint8Array): void {
  const text = textOf(input);
  const address = refusedBy([TypeError], () => parseAddress(text));
  // Upper case throughout is the same address, of which the second implementation knows nothing.
  const usual = text === text.toUpperCase() ? text.toLowerCase() : text;
  const second = refusedBy([Error], () => decodeBech32m('tally', usual));
  const isSecond = second?.length === 32 && text.length <= 90;
  must((address !== undefined) === isSecond, `read by one only`);
  if (address === undefined || second === undefined) return;
  must(Buffer.compare(idToBytes(address), second) === 0, 'another address');
  must(formatAddress(address) === usual, 'is written otherwise');
}

function executeAmount(input: Uint8Array): void {
  const text = textOf(input);
  const notches = refusedBy([RangeError], () => parseAmount(text));
  if (notches === undefined) return;
  must(notches >= 0n && notches < 2n ** 63n, 'outside of 63 bits');
  must(parseAmount(formatTally(notches)) === notches, 'is written as another amount');
}

function executeWords(input: Uint8Array): void {
  const words = refusedBy([WalletError], () => parseWords(textOf(input)));
  if (words === undefined) return;
  must(words.split(' ').length === 24, 'not 24 words');
  must(parseWords(words.toUpperCase()) === words, 'other words in upper case');
}

function executeRecord(input: Uint8Array): void {
  const record = decodeRecord(input);
  if (record === undefined || input.length > 1_024) return;
  must(Buffer.compare(encodeRecord(record), input) === 0, 'encodes to other bytes');
}

function json(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input));
  } catch {
    return undefined;
  }
}

function executeNetworkFile(input: Uint8Array): void {
  const file = json(input);
  const params = refusedBy([RuleError], () => parseNetworkFile(file));
  if (params === undefined) return;
  const { id } = defineNetwork(params);
  const again = parseNetworkFile(JSON.parse(JSON.stringify(formatNetworkFile(params))));
  must(defineNetwork(again).id === id, 'what was read is written as another network');
}

function executeScenario(input: Uint8Array): void {
  const scenario = refusedBy([RangeError], () => parseScenario(json(input)));
  if (scenario === undefined) return;
  must(scenario.nodes >= 1 && scenario.hours <= 720, 'beyond its limits');
}

function executeSharedKey(input: Uint8Array): void {
  const key = refusedBy([OperationError], () => readSharedKey(textOf(input)));
  must(key === undefined || readSharedKey(key) === key, 'is written as another key');
}

const jsonBytes = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value));

export const textTargets: readonly FuzzTarget[] = [
  {
    name: 'address',
    shape: 'bytes',
    maxBytes: 256,
    seeds: () => [
      ...[RICH, POOR].map(({ address }) => bytesOf(formatAddress(address))),
      bytesOf(formatAddress(RICH.address).toUpperCase()),
      bytesOf(encodeBech32m('tally', new Uint8Array(31))),
      bytesOf(encodeBech32m('other', new Uint8Array(32))),
    ],
    words: ['tally1', 'TALLY1', '1', 'q', '!'],
    open: () => ({ execute: executeAddress }),
  },
  {
    name: 'amount',
    shape: 'bytes',
    maxBytes: 2_048,
    seeds: () => ['12', '0.5', '1.5tally', '1500000 notches', '1notch', '9223372036854.775807'].map(bytesOf),
    words: ['tally', 'notch', 'notches', '.', ' '],
    open: () => ({ execute: executeAmount }),
  },
  {
    name: 'mnemonic',
    shape: 'bytes',
    maxBytes: 2_048,
    seeds: () => [bytesOf(`${'abandon '.repeat(23)}art`), bytesOf(`  ${'zoo\t'.repeat(23)}VOTE\n`)],
    words: ['abandon', 'art', 'zoo', 'vote', ' ', '\u3000', 'ﬁ'],
    open: () => ({ execute: executeWords }),
    stillMs: COMMAND_STILL_MS,
  },
  {
    name: 'record',
    shape: 'bytes',
    maxBytes: 1_100,
    seeds: () => [
      encodeRecord({ sha256: new Uint8Array(32) }),
      encodeRecord({ sha256: new Uint8Array(32), note: 'a ü' }),
    ],
    open: () => ({ execute: executeRecord }),
  },
  {
    name: 'network-file',
    shape: 'json',
    maxBytes: 256 * 1_024,
    seeds: () =>
      [TEST_PARAMS, DEV_PARAMS, NETWORK.params].map((params) => jsonBytes(formatNetworkFile(params))),
    words: ['2026-01-31T12:00:00Z', '2026-02-30T00:00:00+14:00', '0x207fffff', formatAddress(POOR.address)],
    open: () => ({ execute: executeNetworkFile }),
    stillMs: COMMAND_STILL_MS,
  },
  {
    name: 'scenario-file',
    shape: 'json',
    maxBytes: 64 * 1_024,
    seeds: () => [
      jsonBytes({ name: 'a', nodes: 3, hours: 1, hashpower: [50, 50], latency: '50', peers: 2 }),
      jsonBytes({
        seed: 1,
        hours: 2,
        wallets: 2,
        transactionsPerSecond: 1,
        latency: 'planet',
        faults: [
          { kind: 'partition', share: 0.5, oneWay: true, atSeconds: 1, forSeconds: 2 },
          { kind: 'crash', nodes: 1, powerCut: true, atSeconds: 1, forSeconds: 2 },
        ],
        attacks: [{ kind: 'eclipse', nodes: 1, atSeconds: 0, forSeconds: 60 }],
      }),
    ],
    open: () => ({ execute: executeScenario }),
    stillMs: COMMAND_STILL_MS,
  },
  {
    name: 'shared-key',
    shape: 'bytes',
    maxBytes: 1_024,
    seeds: () => [
      bytesOf(`/key/swarm/psk/1.0.0/\n/base16/\n${'a5'.repeat(32)}\n`),
      bytesOf(`/key/swarm/psk/1.0.0/\r\n/base16/\r\n${'A5'.repeat(32)}`),
    ],
    open: () => ({ execute: executeSharedKey }),
  },
  {
    name: 'multiaddr',
    shape: 'bytes',
    maxBytes: 512,
    seeds: () =>
      [
        '/ip4/127.0.0.1/tcp/4141',
        '/ip6/::1/tcp/1/p2p/12D3KooWBhSxbmVkb1JEEVpZfSPRZqfkMDJaMt3jDbBZGRqYjUyE',
        '/dns4/a.example/tcp/80',
      ].map(bytesOf),
    words: ['/ip4/', '/ip6/', '/dns4/', '/tcp/', '/p2p/', '/unix/', '/ip6zone/', '127.0.0.1', '::'],
    open: () => ({
      execute: (input) => refusedLaterBy([UsageError], () => requireMultiaddrs([textOf(input)])),
    }),
  },
];
