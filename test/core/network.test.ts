import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { encodeNetworkParams } from '../../src/core/encoding.ts';
import { networkId } from '../../src/core/hashing.ts';
import { type Address, idFromBytes, idToBytes } from '../../src/core/identifiers.ts';
import { formatBits, formatNetworkFile, parseNetworkFile } from '../../src/core/network-file.ts';
import {
  BUILT_IN_NETWORKS,
  checkNetworkParams,
  DEV_PARAMS,
  defineNetwork,
  MAX_SUPPORTED_BLOCK_BYTES,
  MIN_SUPPORTED_BLOCK_BYTES,
  TEST_PARAMS,
} from '../../src/core/network-params.ts';
import { targetFromBits } from '../../src/core/target.ts';
import { MAX_UINT63, type NetworkParams } from '../../src/core/types.ts';
import { bytes32 } from '../support/arbitraries.ts';
import { refusedWith } from '../support/refused.ts';

const encoder = new TextEncoder();
const MAX_TIME = BigInt(Number.MAX_SAFE_INTEGER);
const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

describe('the genesis', () => {
  const network = defineNetwork(DEV_PARAMS);
  const { sealed, transactions } = network.genesis;

  it('follows from the parameters alone', () => {
    expect(idFromBytes(sealed.header.parent)).toBe(network.id);
    expect(sealed.header).toMatchObject({ height: 0n, timestamp: DEV_PARAMS.genesisTime, bits: 0x1e04_0000 });
    expect(sealed.header.miner).toEqual(new Uint8Array(32));
    expect(sealed.header.extra).toHaveLength(0);
    expect(sealed.nonce).toEqual(new Uint8Array(32));
    expect(transactions).toEqual([]);
    expect(network.name).toBe('dev');
    expect(idToBytes(network.id)).toEqual(network.idBytes);
  });

  it('is another for any other parameter', () => {
    const others: Partial<NetworkParams>[] = [
      { name: encoder.encode('Dev') },
      { genesisTime: 0n },
      { blockInterval: 5_001n },
      { halfLife: 0n },
      { initialBits: 0x1e03_ffff },
      { limitBits: 0x1f01_0001 },
      { subsidy: 0n },
      { halvingInterval: 0n },
      { maxBlockBytes: 1_048_577 },
      { allocations: [{ address: a, amount: 0n }] },
    ];
    const networks = [{}, ...others].map((other) => defineNetwork({ ...DEV_PARAMS, ...other }));
    expect(new Set(networks.map(({ id }) => id)).size).toBe(networks.length);
    expect(new Set(networks.map(({ genesisId }) => genesisId)).size).toBe(networks.length);
  });
});

describe('the built-in networks', () => {
  it.each(Object.entries(BUILT_IN_NETWORKS))('%s makes sense and is named so', (name, params) => {
    expect(defineNetwork(params).name).toBe(name);
  });

  it('have the ids everybody has: a change here is another network', () => {
    expect(Object.values(BUILT_IN_NETWORKS).map((params) => networkId(params))).toEqual([
      '16a248667dea284c36d1731a58e581671bff12e47216ac2a2c1e3ef83d421f80',
      'c7b0e71bceced5790adab819cded07230f5ef999311b6264cfb876a995155d51',
    ]);
  });
});

describe('invalid-network-parameters', () => {
  const minimum = MIN_SUPPORTED_BLOCK_BYTES;
  const half = MAX_UINT63 / 2n + 1n;

  it.each<[string, Partial<NetworkParams>]>([
    ['name', { name: new Uint8Array() }],
    ['name', { name: new Uint8Array(33).fill(97) }],
    ['name', { name: Uint8Array.of(0xff) }],
    ['name', { name: encoder.encode('a\nb') }],
    ['name', { name: encoder.encode('\u001b[31m') }],
    ['genesisTime', { genesisTime: MAX_TIME + 1n }],
    ['genesisTime', { genesisTime: -1n }],
    ['blockInterval', { blockInterval: 0n }],
    ['blockInterval', { blockInterval: MAX_TIME + 1n }],
    ['halfLife', { halfLife: MAX_TIME + 1n }],
    ['halvingInterval', { halvingInterval: MAX_TIME + 1n }],
    ['subsidy', { subsidy: MAX_UINT63 + 1n }],
    ['subsidy', { subsidy: -1n }],
    ['initialBits', { initialBits: 0 }],
    ['initialBits', { initialBits: 0x2080_0001 }],
    ['initialBits', { initialBits: 0x207f_ffff, limitBits: 0x207f_fffe }],
    ['limitBits', { limitBits: 0xff12_3456 }],
    ['maxBlockBytes', { maxBlockBytes: minimum - 1 }],
    ['maxBlockBytes', { maxBlockBytes: MAX_SUPPORTED_BLOCK_BYTES + 1 }],
    ['maxBlockBytes', { maxBlockBytes: Number.NaN }],
    ['allocations', { allocations: Array(1_025).fill({ address: a, amount: 0n }) }],
    ['allocations', { allocations: [{ address: new Uint8Array(31), amount: 0n }] }],
    ['allocations', { allocations: [{ address: a, amount: -1n }] }],
    [
      'allocations',
      {
        allocations: [
          { address: a, amount: 1n },
          { address: a, amount: 2n },
        ],
      },
    ],
    ['allocations', { allocations: [{ address: a, amount: MAX_UINT63 + 1n }] }],
    [
      'allocations',
      {
        allocations: [
          { address: a, amount: half },
          { address: b, amount: half },
        ],
      },
    ],
  ])('names the field: %s %o', (field, change) => {
    const act = () => checkNetworkParams({ ...TEST_PARAMS, ...change });
    expect(refusedWith('invalid-network-parameters', act)).toContain(`(${field}: `);
  });

  it.each<[string, Partial<NetworkParams>]>([
    ['the shortest and longest name', { name: new Uint8Array(32).fill(97) }],
    ['a name beyond ASCII', { name: encoder.encode('Kerbhölzer 🪵') }],
    ['the latest times', { genesisTime: MAX_TIME, blockInterval: MAX_TIME, halfLife: MAX_TIME }],
    ['the smallest blocks', { maxBlockBytes: minimum }],
    ['the largest blocks', { maxBlockBytes: MAX_SUPPORTED_BLOCK_BYTES }],
    ['no subsidy', { subsidy: 0n }],
    ['all there can be', { subsidy: MAX_UINT63, allocations: [{ address: a, amount: MAX_UINT63 }] }],
  ])('allows %s', (_, change) => checkNetworkParams({ ...TEST_PARAMS, ...change }));
});

/** Parameters that make sense. */
const sensible: fc.Arbitrary<NetworkParams> = fc.record({
  name: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    .map((name) => encoder.encode(name))
    .filter((name) => name.length <= 32),
  genesisTime: fc.bigInt(0n, MAX_TIME),
  blockInterval: fc.bigInt(1n, MAX_TIME),
  halfLife: fc.bigInt(0n, MAX_TIME),
  initialBits: fc.nat(0x1f00_ffff).filter((bits) => targetFromBits(bits) !== undefined),
  limitBits: fc.constant(0x207f_ffff),
  subsidy: fc.bigInt(0n, MAX_UINT63),
  halvingInterval: fc.bigInt(0n, MAX_TIME),
  maxBlockBytes: fc.integer({ min: MIN_SUPPORTED_BLOCK_BYTES, max: MAX_SUPPORTED_BLOCK_BYTES }),
  allocations: fc.uniqueArray(fc.record({ address: bytes32, amount: fc.bigInt(0n, MAX_UINT63 / 8n) }), {
    maxLength: 8,
    selector: ({ address }) => address.join(),
  }),
});

describe('a network file', () => {
  it('comes back as the same network, through JSON text', () => {
    fc.assert(
      fc.property(sensible, (params) => {
        const text = JSON.stringify(formatNetworkFile(params));
        expect(encodeNetworkParams(parseNetworkFile(JSON.parse(text)))).toEqual(encodeNetworkParams(params));
      }),
    );
  });

  it('keeps a name that begins with a byte-order mark', () => {
    const params = { ...TEST_PARAMS, name: encoder.encode('\ufeffx') };
    expect(parseNetworkFile(formatNetworkFile(params)).name).toEqual(params.name);
  });

  const file = formatNetworkFile({ ...DEV_PARAMS, allocations: [{ address: a, amount: 5n }] });
  const refused = (json: unknown) => refusedWith('invalid-network-parameters', () => parseNetworkFile(json));

  it('reads as people write it', () => {
    expect(file).toEqual({
      name: 'dev',
      genesisTime: 1_767_225_600_000,
      blockInterval: 5_000,
      halfLife: 100_000,
      initialBits: '0x1e040000',
      limitBits: '0x1f010000',
      subsidy: '50000000',
      halvingInterval: 6_307_200,
      maxBlockBytes: 1_048_576,
      allocations: [{ address: formatAddress(idFromBytes<Address>(a)), amount: '5' }],
    });
    expect(formatBits(1)).toBe('0x00000001');
  });

  it.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T01:00:00+01:00',
    '2025-12-31T19:00:00-05:00',
  ])('takes the genesis time as %s', (genesisTime) => {
    expect(parseNetworkFile({ ...file, genesisTime }).genesisTime).toBe(DEV_PARAMS.genesisTime);
  });

  it.each([
    ['without a zone: it would be another network elsewhere', '2026-01-01T00:00:00'],
    ['as a date only', '2026-01-01'],
    ['in words', 'January 1, 2026 00:00:00 UTC'],
    ['as digits in quotes', '1767225600000'],
    ['that does not exist', '2026-13-01T00:00:00Z'],
    ['before 1970', '1969-12-31T23:59:59Z'],
    ['negative', -1],
    ['with a fraction', 0.5],
    ['as null', null],
  ])('refuses a genesis time %s', (_, genesisTime) => {
    expect(refused({ ...file, genesisTime })).toContain('(genesisTime: ');
  });

  it.each([
    ['name', 5],
    ['name', ''],
    ['name', '\ud800'],
    ['blockInterval', '5000'],
    ['blockInterval', 0],
    ['blockInterval', 1.5],
    ['blockInterval', 2 ** 53],
    ['halfLife', -1],
    ['halvingInterval', null],
    ['initialBits', 0x1e04_0000],
    ['initialBits', '1e040000'],
    ['initialBits', '0x'],
    ['initialBits', '0x11e040000'],
    ['limitBits', '0xzz'],
    ['limitBits', '0x00000000'],
    ['subsidy', 50],
    ['subsidy', '-1'],
    ['subsidy', '0x10'],
    ['subsidy', ''],
    ['subsidy', '1e3'],
    ['subsidy', '9223372036854775808'],
    ['subsidy', '99999999999999999999'],
    ['maxBlockBytes', 10],
    ['maxBlockBytes', 2 ** 40],
    ['allocations', {}],
    ['allocations', null],
    ['address', [{ address: 'tally1', amount: '5' }], 'allocations'],
    ['address', [{ address: 5, amount: '5' }], 'allocations'],
    ['amount', [{ address: file.allocations[0]?.address, amount: 5 }], 'allocations'],
    ['amount', [{ address: file.allocations[0]?.address }], 'allocations'],
    ['note', [{ ...file.allocations[0], note: 'hi' }], 'allocations'],
    ['an allocation', ['x'], 'allocations'],
  ])('refuses %s %j, naming it', (field, value, inside: string = field) => {
    expect(refused({ ...file, [inside]: value })).toContain(field);
  });

  it.each(Object.keys(file))('refuses to do without %s', (name) => {
    const { [name as keyof typeof file]: _, ...rest } = file;
    expect(refused(rest)).toContain(`${name}: missing`);
  });

  it.each(['comment', '__proto__', 'constructor'])('refuses a field nobody knows: %s', (name) => {
    expect(refused(JSON.parse(JSON.stringify(file).replace('{', `{"${name}":1,`)))).toContain(
      `${name}: unknown`,
    );
  });

  it.each([undefined, null, 5, 'dev', [], () => 1])('refuses %s', (json) => {
    expect(refused(json)).toContain('not a JSON object');
  });
});
