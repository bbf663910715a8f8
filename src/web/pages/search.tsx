/** Finds out what was looked for, and goes there; or says what else it could have been. */
import { useEffect } from 'preact/hooks';
import type { TallyClient } from '../../client/tally-client.ts';
import { Notice, Waiting } from '../components/notices.tsx';
import { replace } from '../routing.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';

export function SearchPage({ text }: { readonly text: string }) {
  const { error, value } = useLoaded((client, signal) => find(client, text, signal), text);
  useEffect(() => {
    if (value !== undefined && value.path !== undefined) replace(value.path);
  }, [value]);
  if (error !== undefined) {
    return (
      <div class="page">
        <Notice title="The daemon did not answer.">
          <p>{error.message}</p>
        </Notice>
      </div>
    );
  }
  if (value === undefined || value.path !== undefined) return <Waiting />;
  return (
    <div class="page">
      <h1>Nothing found</h1>
      <Notice title={value.reason}>
        <p>One can look for</p>
        <ul>
          <li>
            a height, such as <a href="#/block/0">0</a>
          </li>
          <li>the id of a block or transaction: 64 hex digits</li>
          <li>
            an address: it begins with <code>tally1</code>
          </li>
          <li>a file: drop it anywhere on this page</li>
        </ul>
      </Notice>
    </div>
  );
}

type Found = { readonly path: string } | { readonly path?: undefined; readonly reason: string };

async function find(client: TallyClient, given: string, signal: AbortSignal): Promise<Found> {
  const text = given.trim().toLowerCase();
  const digits = text.replace(/[,_ ]/g, '').replace(/^#/, '');
  if (/^[0-9]{1,15}$/.test(digits)) {
    const height = Number(digits);
    const { length } = await client.call('chainTree', { query: { limit: 1 } }, { signal });
    if (height < length) return { path: `/block/${height}` };
    return {
      reason: `The chain is not as high as ${height.toLocaleString('en')}: its tip is ${(length - 1).toLocaleString('en')}.`,
    };
  }
  if (text.startsWith('tally1')) return { path: `/address/${text}` };
  if (/^[0-9a-f]{64}$/.test(text)) {
    if (await exists(client.call('block', { params: { block: text } }, { signal })))
      return { path: `/block/${text}` };
    if (await exists(client.call('transaction', { params: { id: text } }, { signal }))) {
      return { path: `/transaction/${text}` };
    }
    // It may be the fingerprint of a file.
    return { path: `/file/${text}` };
  }
  return { reason: `“${given}” is no height, id or address.` };
}

async function exists(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Error && isNotFound(error)) return false;
    throw error;
  }
}
