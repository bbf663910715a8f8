/** HTTP callers: one connection a request, as a caller who was not there before. */
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

const DEADLINE_MS = 10_000;
/** Kept open between requests, for attackers who have no reason to queue. */
const kept = new Agent({ keepAlive: true, maxSockets: 64 });

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'HEAD';
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** Of the whole call. */
  readonly deadlineMs?: number;
  /** Whether the connection is kept for the next call. Default: false. */
  readonly keep?: boolean;
}

/** @throws Error after the deadline, or if the connection breaks */
export function call(url: string, options: CallOptions = {}): Promise<Answered> {
  const { body, deadlineMs = DEADLINE_MS, headers = {}, keep = false, method = 'GET' } = options;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const asking = request(
      url,
      { method, headers, signal, agent: keep ? kept : new Agent({ maxSockets: 1 }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

export function get(url: string, headers: OutgoingHttpHeaders = {}): Promise<Answered> {
  return call(url, { headers });
}

/** A TCP connection to an API that says nothing yet. @throws Error if it is refused */
export function openSocket(api: string): Promise<Socket> {
  const { hostname, port } = new URL(api);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(socket));
    socket.on('error', reject);
  });
}
