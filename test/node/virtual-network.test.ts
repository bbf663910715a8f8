import type { Network } from '../../src/node/ports.ts';
import { networkCompliance } from '../support/network-compliance.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { VirtualHub } from '../support/virtual-network.ts';

networkCompliance('VirtualNetwork', () => {
  const clock = new VirtualClock();
  const hub = new VirtualHub(clock);
  let joined = 0;
  return {
    create: async (): Promise<Network> => hub.join(`peer${joined++}`),
    async settle<T>(promise: Promise<T>): Promise<T> {
      let isSettled = false;
      const done = promise.finally(() => {
        isSettled = true;
      });
      done.catch(() => {});
      await clock.until(() => isSettled, 'settled');
      return done;
    },
    async until(condition, what) {
      // Something falls due now and then, so that the condition is looked at again.
      let cancel = (): void => {};
      const beat = (): void => {
        cancel = clock.after(10, beat);
      };
      beat();
      await clock.until(condition, what, 60_000).finally(() => cancel());
    },
    end: async () => undefined,
  };
});
