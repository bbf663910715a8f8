/** A chain replayed from its genesis by nothing but addition: what every balance must be. */
import { bytesToHex } from '../../core/hex.ts';
import type { Address, BlockId } from '../../core/identifiers.ts';
import type { Machine } from '../machine.ts';

export interface ReplayedAccount {
  balance: bigint;
  sequence: bigint;
}

export interface Replay {
  readonly accounts: ReadonlyMap<Address, ReplayedAccount>;
  /** Notches of the genesis and of all subsidies. */
  readonly issued: bigint;
}

/** Replays the main chain of a node. Blocks are read from its disk. */
function replayChain({ node }: Machine): Replay {
  const { params } = node.definition;
  const accounts = new Map<Address, ReplayedAccount>();
  const of = (address: Uint8Array): ReplayedAccount => {
    const key = bytesToHex(address) as Address;
    const account = accounts.get(key) ?? { balance: 0n, sequence: 0n };
    accounts.set(key, account);
    return account;
  };
  let issued = 0n;
  for (const { address, amount } of params.allocations) {
    of(address).balance += amount;
    issued += amount;
  }
  for (let height = 1; height <= node.chain.tip.height; height++) {
    const record = node.chain.atHeight(height);
    const block = record && node.chain.block(record);
    if (block === undefined) throw new Error(`the block at height ${height} is missing`);
    let fees = 0n;
    for (const { transaction } of block.transactions) {
      const sender = of(transaction.sender);
      sender.balance -= transaction.amount + transaction.fee;
      sender.sequence += 1n;
      of(transaction.recipient).balance += transaction.amount;
      fees += transaction.fee;
    }
    const halvings = params.halvingInterval === 0n ? 0n : BigInt(height) / params.halvingInterval;
    const subsidy = params.subsidy >> halvings;
    of(block.sealed.header.miner).balance += subsidy + fees;
    issued += subsidy;
  }
  return { accounts, issued };
}

/** Nodes on the same chain share a replay. */
export class Replays {
  readonly #replays = new Map<BlockId, Replay>();

  of(machine: Machine): Replay {
    const { id } = machine.node.chain.tip;
    const replay = this.#replays.get(id) ?? replayChain(machine);
    this.#replays.set(id, replay);
    return replay;
  }
}
