/** `node:sqlite` on a disk that fails: the n-th thing SQLite is told to do, or all from there on, fails with a code of its. */
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { vi } from 'vitest';

/** SQLite's result codes, with the extended ones disks cause. */
const DISK_FAILURES = {
  SQLITE_FULL: { errcode: 13, errstr: 'database or disk is full' },
  SQLITE_IOERR_WRITE: { errcode: 778, errstr: 'disk I/O error' },
  SQLITE_READONLY: { errcode: 8, errstr: 'attempt to write a readonly database' },
  SQLITE_CORRUPT: { errcode: 11, errstr: 'database disk image is malformed' },
} as const;

export type DiskFailure = keyof typeof DISK_FAILURES;

export interface Failing {
  /** Things told so far. */
  readonly told: number;
  /** @param after so many things @param once the next one works again */
  fail(failure: DiskFailure, after: number, once: boolean): void;
  /** The disk is well again. */
  mend(): void;
  /** Ends it for good. */
  restore(): void;
}

/** Some codes end a transaction by themselves: SQLite takes it back and says so. */
const ENDS_TRANSACTION: ReadonlySet<DiskFailure> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_WRITE']);

export function failingDisk(): Failing {
  let told = 0;
  let plan: { failure: DiskFailure; after: number; once: boolean } | undefined;
  const exec = DatabaseSync.prototype.exec;
  const run = StatementSync.prototype.run;
  let last: DatabaseSync | undefined;
  const look = (): void => {
    const at = told++;
    if (plan === undefined || at < plan.after || (plan.once && at > plan.after)) return;
    if (plan.once && ENDS_TRANSACTION.has(plan.failure) && last?.isTransaction === true)
      exec.call(last, 'ROLLBACK');
    const { errcode, errstr } = DISK_FAILURES[plan.failure];
    throw Object.assign(new Error(errstr), { code: 'ERR_SQLITE_ERROR', errcode, errstr });
  };
  const spies = [
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      last = this;
      look();
      return exec.call(this, sql);
    }),
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (
      this: StatementSync,
      ...values: Parameters<StatementSync['run']>
    ) {
      look();
      return run.apply(this, values);
    }),
  ];
  return {
    get told() {
      return told;
    },
    fail(failure, after, once) {
      told = 0;
      plan = { failure, after, once };
    },
    mend() {
      plan = undefined;
    },
    restore() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
