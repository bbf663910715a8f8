/** Long answers, handed over in pieces: the next is made when the caller has taken the one before. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { App } from './app.ts';
import type { Connections } from './callers/connections.ts';
import { PIECE_BYTES } from './limits.ts';

/** An answer that is whole already. Its bytes count as unread until the caller has them. */
export function inPieces(app: App, connections: Connections): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    if (payload.length <= PIECE_BYTES) return payload;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    connections.makeRoomFor(bytes.length);
    // Known beforehand, unlike that of an answer that is written as it is made.
    reply.header('content-length', bytes.length);
    return Readable.from(piecesOf(bytes), { objectMode: false, highWaterMark: PIECE_BYTES });
  });
}

/**
 * One part at a time is in memory, and goes out in pieces: what is written at once is seen to be taken only when all of it
 * is. It bypasses the schema: what the answer is like is tested.
 */
export function sendParts(
  reply: FastifyReply,
  type: string,
  parts: AsyncIterable<string | Uint8Array>,
): never {
  return reply.type(type).send(Readable.from(inSmall(parts), { highWaterMark: 1 })) as never;
}

export function sendText(reply: FastifyReply, text: AsyncIterable<string>): never {
  return sendParts(reply, 'application/json; charset=utf-8', text);
}

async function* inSmall(parts: AsyncIterable<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
  for await (const part of parts) {
    if (part.length <= PIECE_BYTES) yield part;
    else yield* piecesOf(Buffer.from(part));
  }
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
