/** A selfish miner among real nodes: its strategy is in `selfish-strategy.ts`, this shows and hides its blocks. */
import type { Block } from '../../core/types.ts';
import { addIdentities, type CreateAttack } from './attack.ts';
import { after, forgeBlock, messageWith, type Place, tipOf } from './forge.ts';
import { mining } from './mining.ts';
import { SelfishStrategy } from './selfish-strategy.ts';

export const selfishMining: CreateAttack = (context) => {
  const { plan, random, world } = context;
  const { params } = world.definition;
  const [machine] = addIdentities({ ...context, plan: { ...plan, nodes: 1 } }, (network) => network) as [
    ReturnType<typeof addIdentities>[number],
  ];
  const strategy = new SelfishStrategy();
  /** Not shown yet, lowest first. */
  let hidden: Block[] = [];
  let place: Place | undefined;
  let publicHeight = 0;

  world.subscribe((at, event) => {
    if (at !== machine || event.event !== 'block.accepted' || !event.onChain || event.from === undefined)
      return;
    if (event.height <= publicHeight) return;
    publicHeight = event.height;
    act(strategy.heard());
  });
  return mining(context, machine, find, mineOn);

  /** What it showed comes back to its own node only with what others build on it. */
  function mineOn(): Place {
    const tip = tipOf(machine);
    return place !== undefined && (hidden.length > 0 || place.work > tip.work) ? place : tip;
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

  /** @param share of its peers hear it at once; the others hear it from them */
  function show(count: number, share: number): void {
    const nowMs = machine.clock.now();
    const peers = machine.network.peers().map(({ id }) => id);
    const told = random.sample(peers, Math.round(share * peers.length));
    for (const block of hidden.splice(0, count)) {
      publicHeight = Math.max(publicHeight, Number(block.sealed.header.height));
      machine.network.tell(told, 'block', messageWith(block, nowMs));
    }
  }
};
