/** The logs of several daemons side by side, so that one block can be followed from its miner to every node. */
import type { EventJson } from '../../client/live-event.ts';
import { blockName, describeEvent, transactionsText } from '../event-text.ts';
import type { LogLine } from './node-process.ts';

/** Blocks whose mining time is remembered: long on their way to nobody. */
const MAX_BLOCKS_REMEMBERED = 1_000;
const WARN_LEVEL = 40;

export type Emphasis = 'plain' | 'mined' | 'fork' | 'warning';

export interface DevnetLine {
  readonly text: string;
  readonly emphasis: Emphasis;
}

export class DevnetLines {
  readonly #names = new Map<string, string>();
  /** When and by whom a block was mined, by id. All daemons share one clock. */
  readonly #mined = new Map<string, { readonly time: number; readonly miner: string }>();

  /** From now on the peer is called by its name. */
  name(peerId: string, name: string): void {
    this.#names.set(peerId, name);
  }

  /** @returns undefined for what adds nothing to what others said */
  describe(node: string, line: LogLine): DevnetLine | undefined {
    if (!isNodeEvent(line)) {
      return line.level >= WARN_LEVEL ? { text: `! ${line.msg ?? ''}`, emphasis: 'warning' } : undefined;
    }
    switch (line.event) {
      case 'block.mined':
        this.#remember(line.id, node, line.time);
        return {
          text: `▣ ${blockName(line.height, line.id)}  mined  ${transactionsText(line.transactions)}`,
          emphasis: 'mined',
        };
      case 'block.accepted': {
        if (line.source === 'mined') return undefined;
        const mined = this.#mined.get(line.id);
        const from = line.from === undefined ? '' : `  from ${this.#nameOf(line.from)}`;
        const after = mined === undefined ? '' : `  +${Math.max(0, line.time - mined.time)} ms`;
        const fork = line.onChain ? '' : '  on a fork';
        return {
          text: `▣ ${blockName(line.height, line.id)}${from}${after}  ${transactionsText(line.transactions)}${fork}`,
          emphasis: line.onChain ? 'plain' : 'fork',
        };
      }
      case 'chain.reorganised':
        return { text: describeEvent(line), emphasis: 'fork' };
      default:
        return {
          text: describeEvent(line, (peer) => this.#nameOf(peer)),
          emphasis: line.level >= WARN_LEVEL ? 'warning' : 'plain',
        };
    }
  }

  #nameOf(peer: string): string {
    return this.#names.get(peer) ?? `…${peer.slice(-6)}`;
  }

  #remember(id: string, miner: string, time: number): void {
    this.#mined.set(id, { time, miner });
    const [oldest] = this.#mined.keys();
    if (this.#mined.size > MAX_BLOCKS_REMEMBERED && oldest !== undefined) this.#mined.delete(oldest);
  }
}

/** Every event of a node has a subject and a verb; the daemon's own begin with `daemon.`. */
function isNodeEvent(line: LogLine): line is LogLine & EventJson {
  return line.event !== undefined && !line.event.startsWith('daemon.');
}
