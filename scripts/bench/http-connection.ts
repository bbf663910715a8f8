/** One keep-alive connection, one request at a time: as little work as HTTP allows, for the caller shares the cores. */
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');

export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  /** Bytes of the whole answer, once its head is here. */
  #expected: number | undefined;
  #bodyAt = 0;
  #status = 0;
  #waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the server hung up')));
  }

  static open(url: URL): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => resolve(new HttpConnection(socket)));
      socket.once('error', reject);
    });
  }

  /** @param request whole, as `httpPost` puts it together */
  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#expected === undefined) this.#readHead();
    if (this.#expected === undefined || this.#length < this.#expected) return;
    const body = this.#whole().subarray(this.#bodyAt, this.#expected);
    this.#received = [];
    this.#length = 0;
    this.#expected = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: this.#status, body });
  }

  #readHead(): void {
    const bytes = this.#whole();
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = bytes.toString('latin1', 0, headEnd);
    const length = /content-length: *([0-9]+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without its length: ${head}`);
    this.#status = Number(head.slice(9, 12));
    this.#bodyAt = headEnd + HEAD_END.length;
    this.#expected = this.#bodyAt + Number(length);
  }

  #whole(): Buffer {
    const [first] = this.#received;
    if (this.#received.length > 1 || first === undefined) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] as Buffer;
  }
}

/** A request as it goes over the socket. */
export function httpPost(path: string, contentType: string, body: Buffer): Buffer {
  const head =
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${contentType}\r\n` +
    `content-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
