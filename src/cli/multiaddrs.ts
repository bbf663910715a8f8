import { UsageError } from './errors.ts';

/** @throws UsageError naming the first that is no multiaddr with a TCP port */
export async function requireMultiaddrs(texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return;
  const { multiaddr } = await import('@multiformats/multiaddr');
  for (const text of texts) {
    try {
      if (
        multiaddr(text)
          .getComponents()
          .some(({ name }) => name === 'tcp')
      )
        continue;
    } catch {
      // said below
    }
    throw new UsageError(`"${text}" is not a multiaddr like /ip4/192.168.1.7/tcp/4141`);
  }
}
