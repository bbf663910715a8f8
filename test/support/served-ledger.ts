/** A ledger the API can serve: a real chain and pool in memory, no network, mining by brute force. */
import pino from 'pino';
import type { ServedDaemon } from '../../src/api/served.ts';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PolicyError } from '../../src/chain/policy.ts';
import { type CheckedBlock, trustTransaction } from '../../src/chain/records.ts';
import { signedTransactionSize } from '../../src/core/encoding.ts';
import { RuleError } from '../../src/core/errors.ts';
import { transactionId } from '../../src/core/hashing.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { checkSignature, signatureCheck } from '../../src/core/signature.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import type { PeerView } from '../../src/node/node.ts';
import { OperationError, type PeerId } from '../../src/node/ports.ts';
import type { SubmitOutcome } from '../../src/node/transaction-relay.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { asChecked, mineHeader, NOW_MS, requireTemplate, testKey, testNetwork } from './ledger.ts';

export const SILENT = pino({ level: 'silent' });
/** Gets the rewards; has 1,000 tally from the beginning. */
export const RICH = testKey(1);
export const POOR = testKey(2);
export const A_PEER = '12D3KooWPvLEfJEhP9EERFRe87myDJPSsSsEsf1rXu7ooxb4kzhC' as PeerId;
const NODE_ADDRESS = '/ip4/127.0.0.1/tcp/4141';

export interface ServedLedger {
  readonly daemon: ServedDaemon;
  readonly network: NetworkDefinition;
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly peers: PeerView[];
  emit(event: NodeEvent): void;
  mine(blocks: number): CheckedBlock[];
  /** What `mining.mine` does before its first block; to be replaced. */
  beforeMining: (signal: AbortSignal | undefined) => Promise<void>;
}

export function servedLedger(): ServedLedger {
  const network = testNetwork({ allocations: [{ address: RICH.publicKey, amount: 1_000_000_000n }] });
  const chain = Chain.open(network, new MemoryStore());
  const pool = new Mempool(chain);
  let isMining = false;
  const listeners = new Set<(event: NodeEvent) => void>();
  const ledger: ServedLedger = {
    network,
    chain,
    pool,
    peers: [],
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    mine: (blocks) => Array.from({ length: blocks }, () => mineOne(chain, pool)),
    beforeMining: async () => {},
    daemon: {
      peerId: A_PEER,
      startedAtMs: NOW_MS,
      runningMs: () => 0,
      addresses: () => [`${NODE_ADDRESS}/p2p/${A_PEER}`],
      node: {
        definition: network,
        chain,
        pool,
        submit: async (signed) => signed.map((one) => submit(network, pool, one)),
        peers: () => ledger.peers,
        addPeer: async (address) => {
          if (address === NODE_ADDRESS) return A_PEER;
          throw new OperationError(`no peer at ${address}`);
        },
        resolve: async () => ({ replaced: false, height: chain.tip.height, tip: chain.tip.id }),
        syncProgress: () => ({ state: 'idle', height: chain.tip.height, targetHeight: chain.tip.height }),
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        mining: {
          get active() {
            return isMining;
          },
          threads: 2,
          waitsUntilMs: undefined,
          hashrate: () => 0,
          start: () => {
            isMining = true;
          },
          stop: async () => {
            isMining = false;
          },
          mine: async (count, signal, miner) => {
            await ledger.beforeMining(signal);
            const ids: BlockId[] = [];
            while (ids.length < count && signal?.aborted !== true) ids.push(mineOne(chain, pool, miner).id);
            return ids;
          },
        },
      },
    },
  };
  return ledger;
}

function submit(network: NetworkDefinition, pool: Mempool, signed: SignedTransaction): SubmitOutcome {
  const id = transactionId(signed.transaction);
  try {
    checkSignature(signed, verifySignature(signatureCheck(signed, network.id)));
    const { kind } = pool.add(trustTransaction({ id, signed, size: signedTransactionSize(signed) }));
    return { id, accepted: true, known: kind === 'known' };
  } catch (error) {
    if (error instanceof RuleError || error instanceof PolicyError) return { id, accepted: false, error };
    throw error;
  }
}

function mineOne(chain: Chain, pool: Mempool, miner = RICH.address): CheckedBlock {
  const template = requireTemplate(chain, pool, { miner, nowMs: NOW_MS });
  const block = asChecked({
    sealed: mineHeader(template.header),
    transactions: template.transactions.map(({ signed }) => signed),
  });
  chain.addBlock(block, NOW_MS);
  return block;
}

/** Makes every block of `growBranch` another one. */
let grown = 0;

/** Another miner's blocks on top of the chain's block at `height`. @returns their ids */
export function growBranch({ chain, network }: ServedLedger, height: number, length: number): string[] {
  const other = Chain.open(network, new MemoryStore());
  for (const record of chain.blocksFrom(1, height)) {
    const block = chain.block(record);
    if (block !== undefined) other.addBlock(asChecked(block), NOW_MS);
  }
  const pool = new Mempool(other);
  return Array.from({ length }, () => {
    const { header } = requireTemplate(other, pool, { miner: POOR.address, nowMs: NOW_MS });
    const extra = Buffer.from(`branch ${grown++}`);
    const block = asChecked({ sealed: mineHeader({ ...header, extra }), transactions: [] });
    other.addBlock(block, NOW_MS);
    chain.addBlock(block, NOW_MS);
    return block.id;
  });
}
