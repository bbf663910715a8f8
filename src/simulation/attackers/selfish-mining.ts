/** A selfish miner among real nodes: its strategy is in `selfish-strategy.ts`, this shows and hides its blocks. */
import type { Block } from '../../core/types.ts';
import type { PeerId, TopicName, Verdict } from '../../node/ports.ts';
import { addIdentities, type CreateAttack } from './attack.ts';
import { BentNetwork } from './bent-network.ts';
import { after, forgeBlock, messageWith, type Place, tipOf } from './forge.ts';
import { mining } from './mining.ts';
import { SelfishStrategy } from './selfish-strategy.ts';

/** By then the block it answers has reached those it did not want to win over. */
const REST_MS = 200;

/** Passes nobody's blocks on: a rival's block must not travel faster for it. */
class UnhelpfulNetwork extends BentNetwork {
  override subscribe(
    topic: TopicName,
    validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>,
  ): void {
    super.subscribe(topic, async (message, from) => {
      const verdict = await validate(message, from);
      return topic === 'block' && verdict === 'accept' ? 'ignore' : verdict;
    });
  }
}

export const selfishMining: CreateAttack = (context) => {
  const { plan, random, world } = context;
  const { params } = world.definition;
  const [machine] = addIdentities(
    { ...context, plan: { ...plan, nodes: 1 } },
    (network) => new UnhelpfulNetwork(network),
  ) as [ReturnType<typeof addIdentities>[number]];
  const strategy = new SelfishStrategy();
  /** Not shown yet, lowest first. */
  let hidden: Block[] = [];
  let place: Place | undefined;
  let publicHeight = 0;
  /** Who sent the block it answers: whoever found it will not change sides. */
  let rival: PeerId | undefined;

  world.subscribe((at, event) => {
    if (at !== machine || event.event !== 'block.accepted' || !event.onChain || event.from === undefined)
      return;
    if (event.height <= publicHeight) return;
    publicHeight = event.height;
    rival = event.from;
    act(strategy.heard());
  });
  return mining(context, machine, find, mineOn);

  function mineOn(): Place {
    const tip = tipOf(machine);
    return place !== undefined && (hidden.length > 0 || place.work >= tip.work) ? place : tip;
  }

  function find(parent: Place): void {
    const block = forgeBlock(params, parent, random, { timestampMs: machine.clock.now() });
    place = after(parent, block);
    hidden.push(block);
    act(strategy.found());
  }

  function act(action: ReturnType<SelfishStrategy['found']>): void {
    if (action === 'adopt') {
      hidden = [];
      place = undefined;
    } else if (action === 'win') {
      show(hidden.length, 1);
    } else if (action === 'race') show(1, plan.gamma ?? 0);
    else if (action === 'advance') show(1, 1);
  }

  /** @param share of its peers hear it at once, before the block it answers; the others a little later */
  function show(count: number, share: number): void {
    const { network } = machine;
    const peers = network.peers().map(({ id }) => id);
    const others = share < 1 ? peers.filter((id) => id !== rival) : peers;
    const told = new Set(random.sample(others, Math.round(share * peers.length)));
    const rest = peers.filter((id) => !told.has(id));
    for (const block of hidden.splice(0, count)) {
      const message = messageWith(block, machine.clock.now());
      publicHeight = Math.max(publicHeight, Number(block.sealed.header.height));
      network.hearOwn('block', message);
      network.tell(told, 'block', message);
      machine.clock.after(REST_MS, () => network.tell(rest, 'block', message));
    }
  }
};
