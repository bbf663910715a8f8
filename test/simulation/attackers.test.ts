/** Every attack really attacks, and honest nodes agree afterwards all the same. */
import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../src/node/events.ts';
import { SelfishStrategy } from '../../src/simulation/attackers/selfish-strategy.ts';
import { type AttackKind, DEFAULTS } from '../../src/simulation/scenario.ts';
import { simulate } from '../../src/simulation/simulation.ts';

type Told = { readonly event: NodeEvent; readonly fromAttacker: boolean };

async function attack(kind: AttackKind, hashpower = 35): Promise<Told[]> {
  const told: Told[] = [];
  const { violations } = await simulate(
    {
      ...DEFAULTS,
      seed: 3,
      nodes: 7,
      hours: 0.15,
      hashpower: [40, 30, 30],
      latency: '50',
      wallets: 5,
      attacks: [{ kind, hashpower, gamma: 0.5, atSeconds: 20, forSeconds: 460 }],
    },
    {
      onWorld: (world) =>
        world.subscribe((machine, event) => {
          const from = 'from' in event ? event.from : 'peer' in event ? event.peer : undefined;
          const fromAttacker = world.machineOf(from)?.isAttacker === true;
          if (!machine.isAttacker) told.push({ event, fromAttacker });
        }),
    },
  );
  expect(violations).toEqual([]);
  return told;
}

function offencesOf(told: readonly Told[]): Set<string> {
  return new Set(
    told.flatMap(({ event, fromAttacker }) =>
      event.event === 'peer.penalised' && fromAttacker ? [event.offence.split(':')[0] as string] : [],
    ),
  );
}

const countOf = (told: readonly Told[], name: NodeEvent['event']): number =>
  told.filter(({ event }) => event.event === name).length;

describe('an attacker that shows itself is penalised', () => {
  it.each([
    ['invalid-blocks', ['invalid-header']],
    ['invalid-transactions', ['invalid-transaction', 'malformed-message']],
    ['withheld-bodies', ['broken-promise']],
    ['lying-status', ['broken-promise']],
    ['lying-headers', ['invalid-header']],
    ['stalling', ['too-slow']],
    ['withheld-transactions', ['too-slow', 'malformed-message', 'broken-promise']],
  ] as const)('%s: %j', async (kind, offences) => {
    expect([...offencesOf(await attack(kind))]).toEqual(expect.arrayContaining([...offences]));
  });
});

describe('an attacker within the letter of the rules changes what honest nodes see', () => {
  it('equivocation makes forks', async () => {
    expect(countOf(await attack('equivocation'), 'chain.reorganised')).toBeGreaterThan(3);
  });

  it('selfish mining makes honest blocks stale', async () => {
    expect(countOf(await attack('selfish-mining'), 'chain.reorganised')).toBeGreaterThan(3);
  });

  it('timestamps ahead of their time are set aside', async () => {
    expect(countOf(await attack('timestamps'), 'block.early')).toBeGreaterThan(5);
  });

  it('double spends: one of two is refused', async () => {
    expect(countOf(await attack('double-spend'), 'transaction.refused')).toBeGreaterThan(20);
  });

  it('spam reaches every pool', async () => {
    expect(countOf(await attack('spam'), 'transaction.accepted')).toBeGreaterThan(3_000);
  });

  it('a branch from far back with more power than all others takes over', async () => {
    const deepest = Math.max(
      ...(await attack('long-range', 400)).map(({ event }) =>
        event.event === 'chain.reorganised' ? event.depth : 0,
      ),
    );
    expect(deepest).toBeGreaterThan(10);
  });

  it.each(['trickling', 'eclipse', 'garbled-short-ids'] as const)(
    '%s costs nobody anything',
    async (kind) => {
      const told = await attack(kind);
      expect(countOf(told, 'block.accepted')).toBeGreaterThan(200);
      expect(told.some(({ event }) => event.event === 'peer.penalised' && event.score >= 100)).toBe(false);
    },
  );
});

describe('the selfish strategy', () => {
  const play = (moves: string): string[] => {
    const strategy = new SelfishStrategy();
    return [...moves].map((move) => (move === 'o' ? strategy.found() : strategy.heard()));
  };

  // o: it finds a block; h: the others do.
  it.each([
    ['h', ['adopt']],
    ['oh', ['wait', 'race']],
    ['oho', ['wait', 'race', 'win']],
    ['ohh', ['wait', 'race', 'adopt']],
    ['ooh', ['wait', 'wait', 'win']],
    ['oooh', ['wait', 'wait', 'wait', 'advance']],
    ['ooohh', ['wait', 'wait', 'wait', 'advance', 'win']],
  ])('%s', (moves, actions) => expect(play(moves)).toEqual(actions));
});
