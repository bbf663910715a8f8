/**
 * The way to the holder of the streams: a worker that all tabs share, since a browser opens only six connections to one
 * place. A browser may lack such workers, or forbid them with storage or in private windows; then the tab is its own.
 */
import { StreamHolder } from './stream-holder.ts';

let canShare = typeof SharedWorker === 'function';
let ownHolder: StreamHolder | undefined;

/** Whether all tabs have one stream; otherwise those that are looked at have one each. */
export function isShared(): boolean {
  return canShare;
}

/** The worker does not run, or says nothing. */
export function giveUpSharing(): void {
  canShare = false;
}

/** @param onFailure the worker cannot run after all */
export function connectToHolder(onFailure: (reason: string) => void): MessagePort {
  if (canShare) {
    try {
      const worker = new SharedWorker(new URL('./stream-worker.ts', import.meta.url), { type: 'module' });
      worker.addEventListener('error', () => {
        giveUpSharing();
        onFailure('the browser does not run the worker that tabs share');
      });
      return worker.port;
    } catch {
      giveUpSharing();
    }
  }
  const { port1, port2 } = new MessageChannel();
  ownHolder ??= new StreamHolder();
  ownHolder.serve(port2);
  return port1;
}
