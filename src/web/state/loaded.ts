/** A value that is asked of the daemon for as long as somebody shows it. */
import { useEffect, useState } from 'preact/hooks';
import type { TallyClient } from '../../client/tally-client.ts';
import { ApiError } from '../../client/tally-client.ts';
import { client } from './daemon.ts';
import { connection } from './live.ts';

export interface Loaded<T> {
  /** The last answer; it stays while a newer one is asked for. */
  readonly value?: T;
  readonly error?: Error;
}

/**
 * Asks again whenever one of `keys` changes, and when the connection comes back.
 *
 * @param subject what it is about: if it changes, what was known before is forgotten
 */
export function useLoaded<T>(
  load: (client: TallyClient, signal: AbortSignal) => Promise<T>,
  subject: string,
  ...keys: unknown[]
): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { readonly subject: string }>({ subject });
  const isLost = connection.value.kind === 'lost' || connection.value.kind === 'connecting';
  const current = client.value;
  useEffect(() => {
    if (isLost) return;
    const leaving = new AbortController();
    load(current, leaving.signal).then(
      (value) => leaving.signal.aborted || setLoaded({ subject, value }),
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        const known = error instanceof Error ? error : new Error(String(error));
        setLoaded((before) => ({ ...before, subject, error: known }));
      },
    );
    return () => leaving.abort();
  }, [subject, isLost, current, ...keys]);
  return loaded.subject === subject ? loaded : {};
}

export function isNotFound(error: Error | undefined): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 400);
}
