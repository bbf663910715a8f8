/** Changes to JSON that leave it JSON: a value for another, a field too many, a list of thousands. */
import { type Materials, mutateBytes } from './mutate-bytes.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e21,
  1e308,
  5e-324,
  0.1,
  1.5,
  '',
  '0',
  '-1',
  '1e3',
  '0x10',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  'true',
  'null',
  '\u0000',
  '\r\n',
  '\u202e',
  '\ud800',
  'é',
  '__proto__',
  [],
  {},
  [null],
  [[]],
];
const NAMES = ['__proto__', 'constructor', 'toString', 'length', '', '0', 'then', 'toJSON'];
const MAX_CHANGES = 4;
const MAX_DEPTH = 2_000;
const BLOW_UP_ONE_IN = 10_000;

type Container = unknown[] | Record<string, unknown>;
interface Place {
  readonly holder: Container;
  readonly key: string | number;
}

export function mutateJson(input: Uint8Array, materials: Materials): Uint8Array {
  const { chance, maxBytes } = materials;
  const parsed = chance.oneIn(5) ? undefined : parse(input);
  if (parsed === undefined) return mutateBytes(input, materials);
  const root: Place = { holder: [parsed], key: 0 };
  for (let changes = 1 + chance.below(MAX_CHANGES); changes > 0; changes--) change(root, materials);
  const text = JSON.stringify((root.holder as unknown[])[0]) ?? 'null';
  const bytes = encoder.encode(text);
  return bytes.length > maxBytes ? mutateBytes(input, materials) : bytes;
}

function parse(input: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(input));
  } catch {
    return undefined;
  }
}

function change(root: Place, materials: Materials): void {
  const { chance, maxBytes } = materials;
  const all = placesOf(root);
  const place = chance.pick(all);
  const value = get(place);
  if (chance.oneIn(BLOW_UP_ONE_IN)) {
    const most = Math.max(1, Math.floor(maxBytes / (JSON.stringify(value)?.length + 8 || 8)) - 100);
    if (isContainer(value) && !Array.isArray(value)) for (let i = 0; i < most; i++) value[`u${i}`] = 0;
    else set(place, chance.oneIn(2) ? Array(most).fill(value) : nested(value, Math.min(most, MAX_DEPTH)));
    return;
  }
  switch (chance.below(9)) {
    case 0:
      set(place, clone(chance.pick(VALUES)));
      break;
    case 1:
      set(place, clone(get(chance.pick(all))));
      break;
    case 2:
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else delete place.holder[place.key];
      if (root.holder.length === 0) set(root, null);
      break;
    case 3:
      if (Array.isArray(value)) value.splice(chance.below(value.length + 1), 0, clone(get(chance.pick(all))));
      else if (isContainer(value)) define(value, newName(materials), clone(get(chance.pick(all))));
      else set(place, scalar(value, materials));
      break;
    case 4: {
      const other = parse(materials.other());
      if (other !== undefined) set(place, get(chance.pick(placesOf({ holder: [other], key: 0 }))));
      break;
    }
    case 5:
      if (Array.isArray(value) && value.length > 1) value.reverse();
      else set(place, chance.oneIn(3) ? [value] : scalar(value, materials));
      break;
    default:
      set(place, scalar(value, materials));
  }
}

function scalar(value: unknown, materials: Materials): unknown {
  const { chance, tokens } = materials;
  if (typeof value === 'string') {
    if (chance.oneIn(4) && tokens.length > 0) return decoder.decode(chance.pick(tokens));
    const changed = decoder.decode(mutateBytes(encoder.encode(value), { ...materials, maxBytes: 4_096 }));
    return changed;
  }
  if (typeof value === 'number')
    return chance.oneIn(2) ? value + chance.below(5) - 2 : value * 2 ** (chance.below(80) - 20);
  return clone(chance.pick(VALUES));
}

function newName({ chance, tokens }: Materials): string {
  return chance.oneIn(2) || tokens.length === 0 ? chance.pick(NAMES) : decoder.decode(chance.pick(tokens));
}

/** Every value, and itself. */
function placesOf(root: Place): Place[] {
  const places: Place[] = [root];
  for (let at = 0; at < places.length && places.length < 10_000; at++) {
    const value = get(places[at] as Place);
    if (!isContainer(value)) continue;
    for (const key of Object.keys(value))
      places.push({ holder: value, key: Array.isArray(value) ? Number(key) : key });
  }
  return places;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function get({ holder, key }: Place): unknown {
  return (holder as Record<string | number, unknown>)[key];
}

function set({ holder, key }: Place, value: unknown): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else define(holder, String(key), value);
}

/** Also a field called `__proto__`. */
function define(holder: Container, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

function nested(value: unknown, depth: number): unknown {
  let inner = value;
  for (let level = 0; level < depth; level++) inner = [inner];
  return inner;
}

function clone<T>(value: T): T {
  return isContainer(value) ? structuredClone(value) : value;
}
