import { describe, expect, test } from 'vitest';
import { ATTACK_KINDS, DEFAULTS } from '../../src/simulation/scenario.ts';
import { parseScenario } from '../../src/simulation/scenario-file.ts';
import { SCENARIOS } from '../../src/simulation/scenarios.ts';

const span = { atSeconds: 60, forSeconds: 60 };

test('what a file does not say is as ever', () => {
  expect(parseScenario({})).toEqual(DEFAULTS);
  expect(parseScenario({ nodes: 20, latency: 'lan' })).toEqual({ ...DEFAULTS, nodes: 20, latency: 'lan' });
});

test.each(Object.entries(SCENARIOS))('the scenario %s that comes along is a valid file', (name, fields) => {
  expect(parseScenario(JSON.parse(JSON.stringify({ name, ...fields })))).toMatchObject({ name });
});

test.each([
  { kind: 'partition', share: 0.5, oneWay: true },
  { kind: 'crash', nodes: 3, powerCut: true },
  { kind: 'churn', everySeconds: 5, downSeconds: 10 },
  { kind: 'disturbance', loss: 0.1 },
  { kind: 'slow', nodes: 1, delayMs: 500 },
  { kind: 'clock', nodes: 1, offsetMs: -5_000 },
  { kind: 'hashpower', factor: 3 },
])('a fault of kind $kind is taken as it is', (fault) => {
  expect(parseScenario({ faults: [{ ...fault, ...span }] }).faults).toEqual([{ ...fault, ...span }]);
});

test.each(ATTACK_KINDS)('an attack of kind %s is taken as it is', (kind) => {
  const plan = { kind, nodes: 2, hashpower: 30, gamma: 0.5, ...span };
  expect(parseScenario({ attacks: [plan] }).attacks).toEqual([plan]);
});

describe('a mistake is told by the name of its field', () => {
  test.each([
    ['an unknown field', { node: 5 }, 'node: there is no such field'],
    ['no object', [], 'the scenario: must be object'],
    ['too many nodes', { nodes: 100_001 }, 'nodes: must be <= 100000'],
    ['half a node', { nodes: 1.5, hashpower: [100] }, 'nodes: must be integer'],
    ['no time', { hours: 0 }, 'hours: must be >= 0.001'],
    ['an unknown place', { latency: 'moon' }, 'latency: lan, planet or 0 to 60000 ms, not "moon"'],
    ['too much hash power', { hashpower: [60, 60] }, 'hashpower: 120 percent together, must be 100'],
    ['too little hash power', { hashpower: [60, 30] }, 'hashpower: 90 percent together, must be 100'],
    ['miners without nodes', { nodes: 10 }, 'hashpower: 20 miners, and only 10 nodes'],
    ['payments to nobody', { wallets: 1 }, 'wallets: payments go from one to another'],
    ['an unknown fault', { faults: [{ kind: 'fire', ...span }] }, 'faults.0.kind: one of partition, crash'],
    ['a fault that is a word', { faults: ['crash'] }, 'faults.0.kind: one of partition, crash'],
    [
      "another fault's field",
      { faults: [{ kind: 'hashpower', factor: 2, share: 0.5, ...span }] },
      'faults.0.share: there is no such field',
    ],
    [
      'a share above 1',
      { faults: [{ kind: 'partition', share: 35, ...span }] },
      'faults.0.share: must be <= 1',
    ],
    [
      'a fault without a time',
      { faults: [{ kind: 'crash', nodes: 1 }] },
      'faults.0: must have required properties atSeconds, forSeconds',
    ],
    ['an unknown attack', { attacks: [{ kind: 'magic', ...span }] }, 'attacks.0.kind: one of invalid-blocks'],
    [
      'an attack called like a method',
      { attacks: [{ kind: 'toString', ...span }] },
      'attacks.0.kind: one of invalid-blocks',
    ],
  ])('%s', (_what, json, message) => {
    expect(() => parseScenario(json)).toThrow(RangeError);
    expect(() => parseScenario(json)).toThrow(message);
  });
});

test('faults and attacks end with the run at the latest', () => {
  const spam = { kind: 'spam', atSeconds: 60, forSeconds: 300 };
  expect(parseScenario({ hours: 0.1, attacks: [spam] }).attacks).toEqual([spam]);
  const late = { ...spam, forSeconds: 301 };
  expect(() => parseScenario({ hours: 0.1, attacks: [late] })).toThrow(
    'attacks.0: it ends after 361 s, the run after 360 s',
  );
});
