import { describe, expect, it } from 'vitest';
import { checkHeader, isEarly, MAX_FUTURE_MS } from '../../src/core/header.ts';
import { DEV_PARAMS, defineNetwork } from '../../src/core/network-params.ts';
import type { Header } from '../../src/core/types.ts';
import { refusedWith } from '../support/refused.ts';
import { newLedger, nextHeader } from '../support/rule-ledger.ts';

const network = defineNetwork(DEV_PARAMS);
const genesis = network.genesis.sealed.header;

describe('a header', () => {
  const first = nextHeader(newLedger(network));
  const check = (header: Header) => checkHeader(network.params, header, genesis, undefined);

  it('that keeps the rules is accepted', () => check(first));

  it.each([0n, 2n, 2n ** 64n - 1n])('of height %s after the genesis is refused', (height) => {
    refusedWith('wrong-height', () => check({ ...first, height }));
  });

  it('may come one millisecond after its parent, but not in the same', () => {
    check({ ...first, timestamp: genesis.timestamp + 1n });
    refusedWith('timestamp-not-after-parent', () => check({ ...first, timestamp: genesis.timestamp }));
    refusedWith('timestamp-not-after-parent', () => check({ ...first, timestamp: 0n }));
  });

  it('must carry the bits of the difficulty rule: neither easier nor harder ones', () => {
    const message = refusedWith('wrong-bits', () => check({ ...first, bits: network.params.limitBits }));
    expect(message).toContain('0x1f010000, expected 0x1e040000');
    refusedWith('wrong-bits', () => check({ ...first, bits: 0x1d00_ffff }));
  });

  it('must carry those bits in their canonical form', () => {
    // 0x1f000400 stands for the same target as 0x1e040000.
    refusedWith('wrong-bits', () => check({ ...first, bits: 0x1f00_0400 }));
  });

  it('gets its bits from the time between its parent and grandparent from height 3 on', () => {
    const at = (height: bigint, timestamp: bigint) => ({ ...first, height, timestamp });
    const third = at(3n, 20_000n);
    const onTime = [at(2n, 10_000n), at(1n, 5_000n)] as const;
    const tooFast = [at(2n, 10_000n), at(1n, 9_000n)] as const;
    checkHeader(network.params, third, ...onTime);
    refusedWith('wrong-bits', () => checkHeader(network.params, third, ...tooFast));
  });
});

describe('a block that is early', () => {
  const header = { ...nextHeader(newLedger(network)), timestamp: 1_000_000n };

  it('is one more than 60 s ahead of the clock', () => {
    expect(MAX_FUTURE_MS).toBe(60_000);
    expect(isEarly(header, 1_000_000 - MAX_FUTURE_MS)).toBe(false);
    expect(isEarly(header, 1_000_000 - MAX_FUTURE_MS - 1)).toBe(true);
    expect(isEarly(header, 2_000_000)).toBe(false);
  });

  it('is told by clocks with fractions of a millisecond and for times no number holds exactly', () => {
    expect(isEarly(header, 1_000_000 - MAX_FUTURE_MS - 0.5)).toBe(true);
    expect(isEarly({ ...header, timestamp: 2n ** 64n - 1n }, Date.UTC(2026, 0))).toBe(true);
  });
});
