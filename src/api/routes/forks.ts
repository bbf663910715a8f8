/** The branches beside the chain. */
import type { Chain } from '../../chain/chain.ts';
import type { Fork, ForkSide } from '../../chain/forks.ts';
import type { BlockRecord } from '../../chain/records.ts';
import type { AnswerOf } from '../../client/contract.ts';
import type { ForkJson, ForkSideJson } from '../../client/fork-schemas.ts';
import { timeToJson } from '../../client/json.ts';
import { formatAddress } from '../../core/address.ts';
import { type BlockId, idFromBytes, parseId } from '../../core/identifiers.ts';
import { type App, routeOf } from '../app.ts';
import type { Caller } from '../callers/caller.ts';
import { HttpError, notFound } from '../errors.ts';
import { FORK_STEPS_PER_TURN, MAX_FORK_STEPS, MAX_RETURNED_LOOKED_AT } from '../limits.ts';
import type { ServedNode } from '../served.ts';

const DEFAULT_FORKS = 20;

export function forkRoutes(app: App, { chain }: ServedNode): void {
  app.route({
    ...routeOf('chainForks'),
    handler: ({ caller, query }) =>
      page(chain, caller, query.before ?? Number.MAX_SAFE_INTEGER, query.limit ?? DEFAULT_FORKS),
  });

  app.route({
    ...routeOf('chainFork'),
    handler: ({ caller, params }) => {
      const id = parseId<BlockId>(params.block);
      const record = id && chain.byId(id);
      if (record === undefined) throw notFound(`block ${params.block}`);
      const none = (why: string) => new HttpError(404, 'not-found', `block ${params.block} ${why}`);
      // Not by the first of its children: that may be on a branch, of which this block is no part.
      if (chain.isOnChain(record)) throw none('is on the chain: it is part of no fork');
      const end = chain.forks.endOf(record);
      if (end === undefined)
        throw none('has too many blocks on it: ask for one that is nearer to the end of its branch');
      const fork = chain.forks.fork(end, chain.tip);
      if (fork === undefined) throw none('goes on from the tip, its body is not here: it is part of no fork');
      return forkView(chain, caller, fork, { left: MAX_RETURNED_LOOKED_AT });
    },
  });
}

async function page(
  chain: Chain,
  caller: Caller,
  before: number,
  limit: number,
): Promise<AnswerOf<'chainForks'>> {
  const forks: ForkJson[] = [];
  const allowance = { left: MAX_RETURNED_LOOKED_AT };
  let steps = 0;
  for (const { end, number } of chain.forks.ends(before)) {
    const fork = end && chain.forks.fork(end, chain.tip);
    if (fork !== undefined) {
      forks.push(await forkView(chain, caller, fork, allowance));
      await caller.turn();
    }
    if (++steps % FORK_STEPS_PER_TURN === 0) await caller.turn();
    if (number > 0 && (forks.length === limit || steps === MAX_FORK_STEPS)) return { forks, next: number };
  }
  return { forks };
}

/** How many transactions may still be looked at: all forks of a page share it, so a page is no dearer than one fork. */
interface Allowance {
  left: number;
}

async function forkView(chain: Chain, caller: Caller, fork: Fork, allowance: Allowance): Promise<ForkJson> {
  const returned = await returnedOf(chain, caller, fork, allowance);
  return {
    id: fork.branch.last.id,
    state: fork.state,
    ancestor: blockView(fork.ancestor),
    branch: sideView(fork.branch),
    chain: sideView(fork.chain),
    decided: fork.isDecided,
    leftChain: fork.leftChain,
    ...(returned === undefined ? {} : { returned }),
  };
}

async function returnedOf(
  chain: Chain,
  caller: Caller,
  fork: Fork,
  allowance: Allowance,
): Promise<number | undefined> {
  const looking = chain.forks.returned(fork, allowance.left);
  for (let { done, value } = looking.next(); ; { done, value } = looking.next()) {
    if (done === true) return value as number | undefined;
    allowance.left--;
    if (allowance.left % FORK_STEPS_PER_TURN === 0) await caller.turn();
  }
}

function sideView({ blocks, first, last, miners }: ForkSide): ForkSideJson {
  return {
    blocks,
    ...(first === undefined ? {} : { first: blockView(first) }),
    last: blockView(last),
    miners: [...miners].map(([address, count]) => ({ address: formatAddress(address), blocks: count })),
  };
}

function blockView({ height, id, sealed, work }: BlockRecord): ForkSideJson['last'] {
  return {
    id,
    height,
    timestamp: timeToJson(sealed.header.timestamp),
    miner: formatAddress(idFromBytes(sealed.header.miner)),
    work: work.toString(),
  };
}
