import { describe, expect, it } from 'vitest';
import { HASHRATE_WINDOW_MS, HashrateMeter, LONGEST_PAUSE_MS } from '../../src/mining/hashrate.ts';

describe('HashrateMeter', () => {
  it('is 0 before the first search and once none has run for a while', () => {
    const meter = new HashrateMeter();
    expect(meter.rate(0, 0)).toBe(0);
    meter.begin(0);
    expect(meter.rate(1_000, 5_000)).toBe(5_000);
    meter.end(2_000, 10_000);
    expect(meter.rate(2_000 + LONGEST_PAUSE_MS + 1, 10_000)).toBe(0);
  });

  it('is that of the last searches between one and the next: a miner asked just then is no idle one', () => {
    const meter = new HashrateMeter();
    meter.begin(0);
    meter.end(1_000, 5_000);
    expect(meter.rate(1_000 + LONGEST_PAUSE_MS, 5_000)).toBe(5_000);
  });

  it('forgets what lies before the window', () => {
    const meter = new HashrateMeter();
    meter.begin(0);
    for (let ms = 500; ms <= 10_000; ms += 500) meter.sample(ms, ms * 100);
    expect(meter.rate(10_000, 1_000_000)).toBeCloseTo(100_000);
    // The second half of the cores goes away.
    for (let ms = 10_500; ms <= 10_000 + HASHRATE_WINDOW_MS; ms += 500) {
      meter.sample(ms, 1_000_000 + (ms - 10_000) * 50);
    }
    expect(meter.rate(15_000, 1_250_000)).toBeCloseTo(50_000);
  });

  it('leaves out the time between searches', () => {
    const meter = new HashrateMeter();
    let hashes = 0;
    for (let block = 0; block < 20; block++) {
      const start = block * 60_000;
      meter.begin(start);
      hashes += 2_000;
      meter.end(start + 200, hashes);
    }
    meter.begin(2_000_000);
    expect(meter.rate(2_000_000, hashes)).toBeCloseTo(10_000);
  });

  it('stays exact over thousands of short searches', () => {
    const meter = new HashrateMeter();
    let hashes = 0;
    for (let block = 0; block < 100_000; block++) {
      meter.begin(block);
      hashes += 10;
      meter.end(block + 0.5, hashes);
    }
    meter.begin(100_000);
    expect(meter.rate(100_000, hashes)).toBeCloseTo(20_000);
  });
});
