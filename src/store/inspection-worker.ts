/** The thread that inspects a ledger's file: SQLite reads every page of it in one go. */
import '../native/hasher.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { inspectLedger } from './inspection.ts';

const { networkId, path }: { networkId: Uint8Array; path: string } = workerData;
parentPort?.postMessage(inspectLedger(path, networkId));
