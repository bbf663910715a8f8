/**
 * Work nobody waits for. What a peer can cause is handled where it happens, so whatever arrives here is a
 * bug or a broken disk: the daemon is told, and stops.
 */
export type Background = (work: Promise<unknown>) => void;

/** @param onFailure told once for each piece of work that fails */
export function runInBackground(onFailure: (error: unknown) => void): Background {
  return (work) => {
    work.catch(onFailure);
  };
}
