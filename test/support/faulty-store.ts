/** A store whose n-th write fails, as if the process had died there: the commit it is part of is taken back. */
import type { Store } from '../../src/store/store.ts';

export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

const WRITES = new Set([
  'insert',
  'setStatus',
  'put',
  'remove',
  'append',
  'truncate',
  'set',
  'add',
  'removeTo',
  'setCounts',
]);

export interface FaultyStore {
  readonly store: Store;
  /** Writes since the last `arm`. */
  writes(): number;
  /** The write after `count` more fails; Infinity: none. */
  arm(count: number): void;
}

export function faultyStore(inner: Store): FaultyStore {
  let writes = 0;
  let failAfter = Number.POSITIVE_INFINITY;
  const faulty = <Table extends object>(table: Table): Table =>
    new Proxy(table, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]): unknown => {
          if (WRITES.has(String(name))) {
            if (writes >= failAfter) throw new SimulatedCrash(`write ${writes}: ${String(name)}`);
            writes += 1;
          }
          return Reflect.apply(member, target, values);
        };
      },
    });
  const store: Store = {
    blocks: faulty(inner.blocks),
    bodies: faulty(inner.bodies),
    undo: faulty(inner.undo),
    mainChain: faulty(inner.mainChain),
    accounts: faulty(inner.accounts),
    staged: faulty(inner.staged),
    transactions: faulty(inner.transactions),
    history: faulty(inner.history),
    pool: faulty(inner.pool),
    peers: faulty(inner.peers),
    atomically: (write, durability) => inner.atomically(write, durability),
    failure: undefined,
    synced: () => inner.synced(),
    reread: () => inner.reread(),
    inspect: () => inner.inspect(),
    close: () => inner.close(),
  };
  return {
    store,
    writes: () => writes,
    arm(count) {
      writes = 0;
      failAfter = count;
    },
  };
}
