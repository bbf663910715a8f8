import { describe, expect, it } from 'vitest';
import { MAX_BRANCH_LANES, type Placeable, placeInLanes } from '../../src/web/chain-view/lanes.ts';

/** "a1 b2<a1 !c2<a1": names, heights and parents; those with `!` are on branches. */
function tree(text: string): Placeable[] {
  return text.split(' ').map((word) => {
    const [, branch, id = '', parent = ''] = /^(!?)([a-z][0-9]+)(?:<(.+))?$/.exec(word) ?? [];
    return { id, parent, height: Number(id.slice(1)), state: branch === '!' ? 'branch' : 'chain' };
  });
}

const lanes = (text: string) => Object.fromEntries(placeInLanes(tree(text)).laneOf);

describe('blocks in lanes', () => {
  it('the chain is alone in its lane', () => {
    expect(lanes('a1 a2<a1 a3<a2')).toEqual({ a1: 0, a2: 0, a3: 0 });
  });

  it('a branch goes straight on beside it', () => {
    expect(lanes('a1 a2<a1 a3<a2 !b2<a1 !b3<b2')).toEqual({ a1: 0, a2: 0, a3: 0, b2: 1, b3: 1 });
  });

  it('branches of one time have lanes of their own, later ones use them again', () => {
    const placed = lanes('a1 a2<a1 a3<a2 a4<a3 a5<a4 !b2<a1 !c2<a1 !d5<a4');
    expect([placed.b2, placed.c2]).toEqual([1, 2]);
    expect(placed.d5).toBe(1);
  });

  it('a branch of a branch leaves it; the longer one goes straight on', () => {
    const placed = lanes('a1 !b2<a1 !c3<b2 !d3<b2 !d4<d3');
    expect(placed).toEqual({ a1: 0, b2: 1, d3: 1, d4: 1, c3: 2 });
  });

  it('heads are those nobody builds on', () => {
    expect([...placeInLanes(tree('a1 a2<a1 !b2<a1')).heads]).toEqual(['a2', 'b2']);
  });

  it('the branch that is looked at is next to the chain, whatever came before it', () => {
    const blocks = tree('a1 a2<a1 a3<a2 !b2<a1 !c2<a1 !d3<a2 !d4<d3 !e2<a1');
    const { laneOf } = placeInLanes(blocks, new Set(['d4']));
    expect(['b2', 'c2', 'd3', 'd4', 'e2'].map((id) => laneOf.get(id))).toEqual([2, 3, 1, 1, 4]);
  });

  it('there are never more lanes than there is room for', () => {
    const many = Array.from({ length: 20 }, (_, index) => `!${'bcdefghijklmnopqrstu'[index]}2<a1`).join(' ');
    const { count } = placeInLanes(tree(`a1 a2<a1 ${many}`));
    expect(count).toBe(MAX_BRANCH_LANES + 1);
  });
});
