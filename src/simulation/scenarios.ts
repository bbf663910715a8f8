/** The scenarios that come with Tallystick, to run, read and change. */
import { equalShares, type Scenario } from './scenario.ts';

type Named = Partial<Scenario> & { readonly description: string };

export const SCENARIOS: Readonly<Record<string, Named>> = {
  plain: { description: 'fifty nodes all over the planet, twenty of them mining, nothing goes wrong' },
  classroom: {
    description: 'a miner with 40 % of all hash power mines selfishly among ten honest nodes',
    nodes: 10,
    hours: 2,
    latency: '100',
    hashpower: equalShares(10),
    // 66.7 % of the honest power is 40 % of all.
    attacks: [{ kind: 'selfish-mining', hashpower: 66.7, gamma: 0.5, atSeconds: 10, forSeconds: 7_100 }],
  },
  'selfish-40': {
    description: 'the same miner on a LAN, where it loses every race and still gains',
    nodes: 20,
    hours: 4,
    latency: 'lan',
    transactionsPerSecond: 0,
    attacks: [{ kind: 'selfish-mining', hashpower: 66.7, gamma: 0, atSeconds: 10, forSeconds: 14_300 }],
  },
  partition: {
    description: 'a third of twenty nodes is cut off for ten minutes, and mines on alone',
    nodes: 20,
    faults: [{ kind: 'partition', share: 0.35, atSeconds: 600, forSeconds: 600 }],
  },
  churn: {
    description: 'every ten seconds one of thirty nodes dies or stops, and comes back a minute later',
    nodes: 30,
    faults: [{ kind: 'churn', everySeconds: 10, downSeconds: 60, atSeconds: 60, forSeconds: 3_000 }],
  },
  crash: {
    description: 'the power goes out for half of twelve nodes',
    nodes: 12,
    hours: 0.5,
    hashpower: equalShares(12),
    faults: [{ kind: 'crash', nodes: 6, powerCut: true, atSeconds: 600, forSeconds: 120 }],
  },
  disturbed: {
    description: 'a tenth of all messages is lost, a tenth comes twice, a tenth is overtaken',
    nodes: 20,
    faults: [
      {
        kind: 'disturbance',
        loss: 0.1,
        duplication: 0.1,
        reordering: 0.1,
        atSeconds: 60,
        forSeconds: 3_000,
      },
    ],
  },
  eclipse: {
    description: 'forty identities crowd around one of twenty nodes',
    nodes: 20,
    attacks: [{ kind: 'eclipse', nodes: 10, atSeconds: 60, forSeconds: 3_000 }],
  },
  spam: {
    description: 'a miner spends all it earns on filling small pools',
    nodes: 12,
    hours: 0.5,
    maxPoolBytes: 20_000,
    hashpower: equalShares(12),
    attacks: [{ kind: 'spam', hashpower: 30, atSeconds: 60, forSeconds: 1_600 }],
  },
  'lan-1000': { description: 'a thousand nodes on one LAN', nodes: 1_000, latency: 'lan', wallets: 100 },
  'planet-1000': { description: 'a thousand nodes all over the planet', nodes: 1_000, wallets: 100 },
};
