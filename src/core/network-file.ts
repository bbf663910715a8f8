/**
 * A network file: the fields of `NetworkParams` as JSON. Times are numbers in ms (ISO allowed for
 * `genesisTime`), bits `"0x…"`, amounts decimal strings of notches, addresses bech32m.
 */
import { formatAddress, parseAddress } from './address.ts';
import { RuleError } from './errors.ts';
import { idFromBytes, idToBytes } from './identifiers.ts';
import { checkNetworkParams, decodeName } from './network-params.ts';
import type { NetworkParams } from './types.ts';

export interface NetworkFile {
  name: string;
  genesisTime: number | string;
  blockInterval: number;
  halfLife: number;
  initialBits: string;
  limitBits: string;
  subsidy: string;
  halvingInterval: number;
  maxBlockBytes: number;
  allocations: { address: string; amount: string }[];
}

export function formatNetworkFile(params: NetworkParams): NetworkFile {
  return {
    name: decodeName(params.name),
    genesisTime: Number(params.genesisTime),
    blockInterval: Number(params.blockInterval),
    halfLife: Number(params.halfLife),
    initialBits: formatBits(params.initialBits),
    limitBits: formatBits(params.limitBits),
    subsidy: params.subsidy.toString(),
    halvingInterval: Number(params.halvingInterval),
    maxBlockBytes: params.maxBlockBytes,
    allocations: params.allocations.map(({ address, amount }) => ({
      address: formatAddress(idFromBytes(address)),
      amount: amount.toString(),
    })),
  };
}

/** @throws RuleError `invalid-network-parameters` naming the field: a missing, unknown or unusable one */
export function parseNetworkFile(json: unknown): NetworkParams {
  const file = requireFields(json, 'the network file', FIELDS);
  const params: NetworkParams = {
    name: new TextEncoder().encode(requireString(file, 'name')),
    genesisTime: parseGenesisTime(file.genesisTime),
    blockInterval: requireCount(file, 'blockInterval'),
    halfLife: requireCount(file, 'halfLife'),
    initialBits: requireBits(file, 'initialBits'),
    limitBits: requireBits(file, 'limitBits'),
    subsidy: requireAmount(file, 'subsidy'),
    halvingInterval: requireCount(file, 'halvingInterval'),
    maxBlockBytes: Number(requireCount(file, 'maxBlockBytes')),
    allocations: parseAllocations(file.allocations),
  };
  checkNetworkParams(params);
  return params;
}

const FIELDS = [
  'name',
  'genesisTime',
  'blockInterval',
  'halfLife',
  'initialBits',
  'limitBits',
  'subsidy',
  'halvingInterval',
  'maxBlockBytes',
  'allocations',
] as const satisfies (keyof NetworkFile)[];

type Fields = Record<string, unknown>;

function refuse(detail: string): never {
  throw new RuleError('invalid-network-parameters', detail);
}

function requireFields(json: unknown, what: string, names: readonly string[]): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    refuse(`${what} is not a JSON object`);
  for (const name of names) if (!(name in json)) refuse(`${name}: missing in ${what}`);
  for (const name of Object.keys(json)) if (!names.includes(name)) refuse(`${name}: unknown in ${what}`);
  return json as Fields;
}

function requireString(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' && value.isWellFormed()
    ? value
    : refuse(`${name}: not a string of whole characters`);
}

function requireCount(fields: Fields, name: string): bigint {
  const value = fields[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? BigInt(value)
    : refuse(`${name}: not a whole number from 0 to 2^53 − 1`);
}

function requireBits(fields: Fields, name: string): number {
  const value = requireString(fields, name);
  return /^0x[0-9a-fA-F]{1,8}$/.test(value)
    ? Number(value)
    : refuse(`${name}: not "0x" and up to 8 hex digits`);
}

function requireAmount(fields: Fields, name: string): bigint {
  const value = requireString(fields, name);
  return /^[0-9]{1,19}$/.test(value) ? BigInt(value) : refuse(`${name}: not a decimal string of notches`);
}

function requireAddress(fields: Fields, name: string): Uint8Array {
  const text = requireString(fields, name);
  try {
    return idToBytes(parseAddress(text));
  } catch (error) {
    refuse(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Without a zone, the same file would be another network in another time zone. */
const ISO_TIME_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function parseGenesisTime(value: unknown): bigint {
  const ms = typeof value === 'string' && ISO_TIME_WITH_ZONE.test(value) ? Date.parse(value) : value;
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0
    ? BigInt(ms)
    : refuse(
        'genesisTime: neither milliseconds since 1970 nor an ISO time with its zone (2026-01-31T12:00:00Z)',
      );
}

function parseAllocations(value: unknown): NetworkParams['allocations'] {
  if (!Array.isArray(value)) refuse('allocations: not a list');
  return value.map((item) => {
    const fields = requireFields(item, 'an allocation', ['address', 'amount']);
    return { address: requireAddress(fields, 'address'), amount: requireAmount(fields, 'amount') };
  });
}

export function formatBits(bits: number): string {
  return `0x${bits.toString(16).padStart(8, '0')}`;
}
