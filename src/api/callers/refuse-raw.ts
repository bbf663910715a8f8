/** Refusals of what is no request yet: written by hand, in the words of all others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node's parser and timers say of a connection, in our words. */
export function refuseBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    refuseRaw(socket, 408, 'request-timeout', 'the request took too long to come: send it at once');
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    refuseRaw(socket, 431, 'headers-too-long', 'the head of the request is too long: leave headers out');
  else refuseRaw(socket, 400, 'malformed-request', 'this is no HTTP request');
}

/** Writes an answer to no request in particular and ends the connection. */
export function refuseRaw(socket: Socket, status: number, code: string, message: string): void {
  const body = JSON.stringify({ error: { code, message } });
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n` +
        `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
