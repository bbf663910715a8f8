/** The thread that moves the write-ahead log into the database file, as much of it as nobody reads. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const { moving, path }: { moving: Int32Array<SharedArrayBuffer>; path: string } = workerData;
const database = new DatabaseSync(path);
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

parentPort?.on('message', () => {
  try {
    checkpoint.get();
  } finally {
    Atomics.store(moving, 0, 0);
    Atomics.notify(moving, 0);
  }
  parentPort?.postMessage('moved');
});
