/** Whose token a command shows to whom. */
import { afterEach, expect, test, vi } from 'vitest';
import { connectAsOwner } from '../../src/cli/connect.ts';

afterEach(() => void vi.unstubAllGlobals());

/** What is asked of daemons meanwhile; none answers. */
function watchFetch() {
  const fetch = vi.fn(() => Promise.reject(new TypeError('fetch failed')));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

test('another machine is not even asked for its network: it could name that of a daemon here, to be told its token', async () => {
  const fetch = watchFetch();
  await connectAsOwner({ api: 'http://192.0.2.7:4140' });
  expect(fetch).not.toHaveBeenCalled();
});

test.each(['http://127.0.0.1:4140', 'http://localhost:4140', 'http://[::1]:4140'])(
  'at %s it is the token of the network that the daemon names',
  async (api) => {
    const fetch = watchFetch();
    await expect(connectAsOwner({ api })).rejects.toThrow();
    expect(fetch).toHaveBeenCalledOnce();
  },
);
