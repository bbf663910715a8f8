/** An event in a line of words. The same for the log, `watch` and `devnet`. */
import { formatTally } from '../client/amount.ts';
import type { EventJson } from '../client/live-event.ts';
import { counted, formatDuration, short } from './output.ts';
import { toldAmount } from './told-amount.ts';

/** How a peer is called: its id shortened, or a name somebody gave it. */
export type NamePeer = (peer: string) => string;

/** Peer ids of one kind of key begin alike; they differ at the end. */
function shortPeer(peer: string): string {
  return `…${peer.slice(-6)}`;
}

/** @param block `#42 3fa9c1d2…` */
export function blockName(height: number, id: string): string {
  return `#${height} ${short(id)}`;
}

/** @returns `1.5 tally to tally1qqqqqqqq…` */
export function amountText({ amount, recipient }: { amount: string; recipient: string }): string {
  return `${formatTally(toldAmount(amount))} tally to ${recipient.slice(0, 14)}…`;
}

export function transactionsText(count: number): string {
  return `${count} tx`;
}

export function describeEvent(event: EventJson, name: NamePeer = shortPeer): string {
  const from = 'from' in event && event.from !== undefined ? ` from ${name(event.from)}` : '';
  switch (event.event) {
    case 'block.mined':
      return `▣ ${blockName(event.height, event.id)} mined here, ${transactionsText(event.transactions)}`;
    case 'block.accepted': {
      const late = event.latencyMs === undefined ? '' : ` +${Math.round(event.latencyMs)} ms`;
      const fork = event.onChain ? '' : ', on a fork';
      return `▣ ${blockName(event.height, event.id)}${from}${late}, ${transactionsText(event.transactions)}${fork}`;
    }
    case 'block.refused':
      return `✗ block ${event.id === undefined ? '' : short(event.id)}${from} refused: ${event.message}`;
    case 'block.early':
      return `◷ ${blockName(event.height, event.id)} is ${event.aheadMs} ms ahead of this clock: set aside`;
    case 'chain.reorganised':
      return (
        `⑂ reorganised: ${counted(event.depth, 'block')} above #${event.forkHeight} left behind, ` +
        `the tip is ${blockName(event.height, event.newTip)}, ${event.returned} tx back in the pool`
      );
    case 'transaction.accepted':
      return `→ ${short(event.id)} ${amountText(event)}${from}`;
    case 'transaction.refused':
      return `✗ transaction ${short(event.id)}${from} refused: ${event.message}`;
    case 'peer.connected':
      return `⇄ ${name(event.peer)} connected (${event.direction}, ${event.address.replace(/\/p2p\/.*$/, '')})`;
    case 'peer.named':
      return `⇄ ${name(event.peer)} is called ${event.name}`;
    case 'peer.disconnected':
      return `⇠ ${name(event.peer)} disconnected: ${event.reason}`;
    case 'peer.penalised':
      return `! ${name(event.peer)} misbehaved (${event.offence}), score ${event.score}`;
    case 'peer.clock':
      return `! the clock of ${name(event.peer)} is ${formatOffset(event.offsetMs)} this one: one of the two is wrong`;
    case 'mining.waiting':
      return `! mining waits: #${event.height} is ${formatDuration(event.aheadMs)} ahead of this machine's clock, and no block can follow it yet`;
    case 'mining.unpayable':
      return `! nothing is mined for ${event.miner.slice(0, 14)}…: its balance has no room for the reward; name another with --miner`;
    case 'sync.progress':
      return event.state === 'idle'
        ? `✓ in step at #${event.height}`
        : `… catching up: ${event.state} ${event.height} of ${event.targetHeight}`;
  }
}

function formatOffset(offsetMs: number): string {
  return `${(Math.abs(offsetMs) / 1_000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'}`;
}
