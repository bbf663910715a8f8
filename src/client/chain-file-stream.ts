/** The chain as one file, streamed from a daemon. */
import { ApiError } from './errors.ts';
import type { Transport } from './transport.ts';

/** Without a byte for so long, the daemon is gone. */
const STALL_MS = 60_000;

export interface ChainFileOptions {
  /** Ends the stream, at once. */
  readonly signal?: AbortSignal;
}

export async function* streamChainFile(
  transport: Transport,
  from: number,
  { signal }: ChainFileOptions,
): AsyncGenerator<Uint8Array> {
  const hangUp = new AbortController();
  const silent = (): void => hangUp.abort(new Error('the daemon went silent'));
  let timer = setTimeout(silent, STALL_MS);
  try {
    const response = await transport.open(
      {
        method: 'GET',
        url: transport.urlOf('chainExport', {}, { from }),
        headers: { accept: 'application/octet-stream' },
        idempotent: true,
      },
      AbortSignal.any([hangUp.signal, ...(signal === undefined ? [] : [signal])]),
    );
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      // Only while we listen: a caller who takes his time is not the daemon's silence.
      clearTimeout(timer);
      yield next.value;
      timer = setTimeout(silent, STALL_MS);
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw transport.lost(cause);
  } finally {
    clearTimeout(timer);
    hangUp.abort();
  }
}
