/** What several daemons told, put together: tones of branches, who agrees, what a small tree shows. */
import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../src/web/nodes-view/agreement.ts';
import { inOrder, Sightings } from '../../src/web/nodes-view/sightings.ts';
import { columnsFor } from '../../src/web/nodes-view/tree-columns.ts';

/** `a1` is the block of height 1 on branch a; `b3<a2` says where a branch leaves another. */
function told(...blocks: string[]): Sightings {
  const sightings = new Sightings();
  for (const text of blocks) see(sightings, text, []);
  return sightings;
}

function see(sightings: Sightings, text: string, nodes: readonly number[], atMs = 1_000): void {
  const [id = '', named] = text.split('<');
  const height = Number(id.slice(1));
  const parent = named ?? `${id[0]}${height - 1}`;
  const block = { id, parent, height, miner: 'tally1', onChain: true };
  if (nodes.length === 0) sightings.takeBlock({ node: 1, ...block });
  for (const [index, node] of nodes.entries()) {
    const source = index === 0 ? 'mined' : 'gossip';
    sightings.takeBlock({ node, ...block, source, atMs: atMs + 10 * index });
  }
}

const tone = (sightings: Sightings, id: string) => sightings.block(id)?.tone;

describe('tones', () => {
  it('a chain has one', () => {
    const seen = told('a0', 'a1', 'a2');
    expect(['a0', 'a1', 'a2'].map((id) => tone(seen, id))).toEqual([0, 0, 0]);
  });

  it('a branch gets its own, and keeps it when it wins', () => {
    const seen = told('a0', 'a1', 'a2', 'b2<a1', 'b3', 'b4', 'b5');
    expect(['a2', 'b2', 'b5'].map((id) => tone(seen, id))).toEqual([0, 1, 1]);
  });

  it('branches at one time differ, whichever block they leave', () => {
    const seen = told('a0', 'a1', 'b1<a0', 'c1<a0', 'd2<b1', 'e2<b1', 'f2<c1');
    const tones = ['a1', 'b1', 'c1', 'e2'].map((id) => tone(seen, id));
    expect(new Set(tones).size).toBe(4);
    expect(tone(seen, 'd2')).toBe(tone(seen, 'b1'));
    expect(tone(seen, 'f2')).toBe(tone(seen, 'c1'));
  });

  it('what comes before what is known has the tone of that', () => {
    const seen = told('a9', 'b9<a8', 'b10');
    see(seen, 'a7', []);
    expect(tone(seen, 'a7')).toBe(tone(seen, 'a9'));
  });

  it('memory is bounded, and the newest stay', () => {
    const seen = told(...Array.from({ length: 2_000 }, (_, height) => `a${height}`));
    expect([...seen.blocks].length).toBeLessThanOrEqual(500);
    expect(seen.block('a1999')).toBeDefined();
  });
});

describe('arrivals and tips', () => {
  it('who had it first, and how much later the others', () => {
    const seen = told('a0');
    see(seen, 'a1', [2, 3, 1]);
    const block = seen.block('a1');
    expect(block && inOrder(block).map(({ atMs, isMined, node }) => [node, atMs, isMined])).toEqual([
      [2, 1_000, true],
      [3, 1_010, false],
      [1, 1_020, false],
    ]);
  });

  it('the first word of an arrival counts', () => {
    const seen = told('a0');
    see(seen, 'a1', [1]);
    see(seen, 'a1', [1], 9_000);
    expect(seen.block('a1')?.arrivals.get(1)?.atMs).toBe(1_000);
  });

  it('a reorganisation turns a tip, and says how many blocks it left', () => {
    const seen = told('a0');
    see(seen, 'a1', [1]);
    see(seen, 'b1<a0', [2]);
    see(seen, 'b2', [2, 1], 2_000);
    const turn = { oldTip: 'a1', newTip: 'b2', forkHeight: 0, height: 2, returned: 0, depth: 1 };
    seen.takeReorganisation({ node: 1, atMs: 2_011, ...turn });
    expect(seen.turnsOf(1)).toEqual([
      { atMs: 1_000, id: 'a1', left: 0 },
      { atMs: 2_010, id: 'b2', left: 1 },
    ]);
  });

  it('a status counts where events have said less, and not where it is older', () => {
    const seen = told('a0', 'a1', 'a2');
    seen.takeTip(1, 'a1', 1, 500);
    expect(seen.tipOf(1)?.id).toBe('a1');
    see(seen, 'a2', [1]);
    seen.takeTip(1, 'a1', 1, 1_500);
    expect(seen.tipOf(1)?.id).toBe('a2');
  });

  it('outages begin and end once', () => {
    const seen = new Sightings();
    seen.takeState(1, false, 1);
    seen.takeState(1, true, 5);
    seen.takeState(1, true, 5);
    expect(seen.outagesOf(1)).toEqual([{ fromMs: 5 }]);
    seen.takeState(1, false, 9);
    expect(seen.outagesOf(1)).toEqual([{ fromMs: 5, untilMs: 9 }]);
  });
});

describe('agreement', () => {
  const heads = (seen: Sightings, nodes: number[]) =>
    branchesOf(seen, nodes).map(({ head, nodes: on }) => [head.id, on]);

  it('all on one', () => {
    const seen = told('a0');
    see(seen, 'a1', [1, 2, 3]);
    expect(heads(seen, [1, 2, 3])).toEqual([['a1', [1, 2, 3]]]);
  });

  it('one that is a block behind agrees', () => {
    const seen = told('a0');
    see(seen, 'a1', [1, 2, 3]);
    see(seen, 'a2', [1, 3]);
    expect(heads(seen, [1, 2, 3])).toEqual([['a2', [1, 2, 3]]]);
  });

  it('two sides of a cut, the larger first', () => {
    const seen = told('a0');
    see(seen, 'a1', [1]);
    see(seen, 'b1<a0', [2, 3]);
    see(seen, 'a2', [1]);
    expect(heads(seen, [1, 2, 3])).toEqual([
      ['b1', [2, 3]],
      ['a2', [1]],
    ]);
    expect(heads(seen, [1])).toEqual([['a2', [1]]]);
  });
});

describe('columns of a small tree', () => {
  it.each([
    ['the newest', 9, 4, [], [6, 7, 8, 9]],
    ['all, if there is room', 2, 9, [], [0, 1, 2]],
    [
      'where a long branch parts and ends',
      50,
      7,
      [{ height: 30, forkHeight: 20 }],
      [20, 21, 30, 47, 48, 49, 50],
    ],
    [
      'no more than fits',
      50,
      5,
      [
        { height: 30, forkHeight: 20 },
        { height: 29, forkHeight: 2 },
      ],
      [20, 21, 30, 49, 50],
    ],
  ])('%s', (_, top, most, ends, expected) => expect(columnsFor(top, most, ends)).toEqual(expected));
});
