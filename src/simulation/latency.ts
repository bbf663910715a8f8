/** How far machines are from each other. */
import { placeOf, planetLatencyMs } from './planet.ts';
import { SeededRandom } from './random.ts';

/** Milliseconds one way between two machines, always the same for the same two. */
export type LatencyModel = (from: number, to: number) => number;

/** Half the round trip of a switched Ethernet, measured between hosts of a rack: 0.1 to 0.5 ms. */
const LAN_MS = { least: 0.05, most: 0.25 };

/**
 * @param name `lan`, `planet`, or a number of milliseconds
 * @param seed who stands where
 */
export function latencyModel(name: string, seed: string): LatencyModel {
  if (name === 'lan') return lan(seed);
  if (name === 'planet') return planet(seed);
  const ms = Number(name.replace(/ms$/, ''));
  if (name === '' || !(ms >= 0 && ms <= 60_000)) {
    throw new RangeError(`latency: lan, planet or 0 to 60000 ms, not "${name}"`);
  }
  return () => ms;
}

function lan(seed: string): LatencyModel {
  const distances = new Map<number, number>();
  const of = (index: number): number => {
    let distance = distances.get(index);
    if (distance === undefined) {
      distance = new SeededRandom(`${seed}/lan/${index}`).between(LAN_MS.least / 2, LAN_MS.most / 2);
      distances.set(index, distance);
    }
    return distance;
  };
  return (from, to) => of(from) + of(to);
}

function planet(seed: string): LatencyModel {
  const places: number[] = [];
  const of = (index: number): number => {
    let place = places[index];
    if (place === undefined) {
      place = placeOf(new SeededRandom(`${seed}/planet/${index}`));
      places[index] = place;
    }
    return place;
  };
  return (from, to) => planetLatencyMs(of(from), of(to));
}
