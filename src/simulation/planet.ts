/**
 * Machines all over the planet: six regions, how many nodes stand in each, and how long a message takes from one
 * to the other.
 *
 * Source: SimBlock (Aoki et al., "SimBlock: A Blockchain Network Simulator", 2019), `NetworkConfiguration.java`,
 * the latencies of 2019 and the shares of Bitcoin's reachable nodes in 2019.
 */
import type { SeededRandom } from './random.ts';

/** North America, Europe, South America, Asia and the Pacific, Japan, Australia. */
const SHARES = [0.3316, 0.4998, 0.009, 0.1177, 0.0224, 0.0195];

/** Mean one-way latency from a region (row) to a region (column), ms. */
const LATENCIES_MS = [
  [32, 124, 184, 198, 151, 189],
  [124, 11, 227, 237, 252, 294],
  [184, 227, 88, 325, 301, 322],
  [198, 237, 325, 85, 58, 198],
  [151, 252, 301, 58, 12, 126],
  [189, 294, 322, 198, 126, 16],
];

/** Draws a machine's region. */
export function placeOf(random: SeededRandom): number {
  let draw = random.next();
  for (const [region, share] of SHARES.entries()) {
    draw -= share;
    if (draw < 0) return region;
  }
  return 0;
}

export function planetLatencyMs(from: number, to: number): number {
  return LATENCIES_MS[from]?.[to] ?? 0;
}
