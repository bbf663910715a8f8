/**
 * What the browser keeps for this page. A browser may forbid that: then to name `localStorage` throws, also while a
 * module is loaded. What cannot be kept is remembered by the tab, until it is closed or loaded again.
 */

export interface KeptTexts {
  read(key: string): string | undefined;
  /** @returns whether it outlives the page */
  write(key: string, text: string): boolean;
  remove(key: string): void;
}

/** For all tabs, for good. */
export const lasting: KeptTexts = keptIn(() => localStorage);
/** For this tab, until it is closed. */
export const ofThisTab: KeptTexts = keptIn(() => sessionStorage);

/** @param storage throws where it is forbidden */
export function keptIn(storage: () => Storage): KeptTexts {
  /** Newer than what is stored; undefined: removed. */
  const remembered = new Map<string, string | undefined>();
  return {
    read: (key) => {
      if (remembered.has(key)) return remembered.get(key);
      try {
        return storage().getItem(key) ?? undefined;
      } catch {
        return undefined;
      }
    },
    write: (key, text) => {
      try {
        storage().setItem(key, text);
        remembered.delete(key);
        return true;
      } catch {
        remembered.set(key, text);
        return false;
      }
    },
    remove: (key) => {
      try {
        storage().removeItem(key);
        remembered.delete(key);
      } catch {
        remembered.set(key, undefined);
      }
    },
  };
}

const TRIAL_KEY = 'tally-trial';

/** Whether the browser keeps anything for good. */
export function isLasting(): boolean {
  const isKept = lasting.write(TRIAL_KEY, '');
  lasting.remove(TRIAL_KEY);
  return isKept;
}
