/**
 * Changes to a request as the target `http` reads it: a line with method and address, headers, an empty line, the body.
 */
import { type Materials, mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';

const encoder = new TextEncoder();
const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'];

export function mutateHttp(input: Uint8Array, materials: Materials): Uint8Array {
  const { chance, maxBytes } = materials;
  const request = split(input);
  const other = split(materials.other());
  switch (chance.below(10)) {
    case 0:
      return mutateBytes(input, materials);
    case 1:
      request.line = other.line;
      break;
    case 2:
      request.headers = other.headers;
      break;
    case 3:
      request.body = other.body;
      break;
    case 4:
      request.line = mutatePart(request.line, materials);
      break;
    case 5:
      request.headers = mutatePart(request.headers, materials);
      break;
    case 6:
      request.line = text(bytesText(request.line).replace(/^\S+/, chance.pick(METHODS)));
      break;
    case 7:
      request.line = mutateSegment(request.line, materials);
      break;
    default:
      request.body = mutateJson(request.body, materials);
  }
  const parts = [request.line, text('\n'), request.headers, text('\n\n'), request.body];
  const bytes = new Uint8Array(Buffer.concat(parts));
  return bytes.length > maxBytes ? bytes.slice(0, maxBytes) : bytes;
}

/** One piece of the address: of the path, or of the query. */
function mutateSegment(line: Uint8Array, materials: Materials): Uint8Array {
  const { chance, tokens } = materials;
  const pieces = bytesText(line).split(/([/?&=])/);
  const at = chance.below(pieces.length);
  const piece = pieces[at] ?? '';
  const way = chance.below(12);
  if (way < 4 && tokens.length > 0) pieces[at] = encodeURIComponent(bytesText(chance.pick(tokens)));
  else if (way < 6) pieces.splice(at, 1);
  else if (way < 7) pieces.splice(at, 0, piece);
  else pieces[at] = bytesText(mutatePart(Buffer.from(piece, 'latin1'), materials));
  return Buffer.from(pieces.join('').replaceAll('\n', ''), 'latin1');
}

function mutatePart(part: Uint8Array, materials: Materials): Uint8Array {
  return mutateBytes(part, { ...materials, maxBytes: Math.min(4_096, materials.maxBytes) });
}

interface Parts {
  line: Uint8Array;
  headers: Uint8Array;
  body: Uint8Array;
}

/** Whatever the bytes are, they are a request. */
export function split(input: Uint8Array): Parts {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  const lineEnd = bytes.indexOf('\n');
  if (lineEnd < 0) return { line: input, headers: new Uint8Array(0), body: new Uint8Array(0) };
  const headEnd = bytes.indexOf('\n\n', lineEnd);
  const line = input.subarray(0, lineEnd);
  if (headEnd < 0) return { line, headers: input.subarray(lineEnd + 1), body: new Uint8Array(0) };
  return {
    line,
    headers: input.subarray(Math.min(lineEnd + 1, headEnd), headEnd),
    body: input.subarray(headEnd + 2),
  };
}

function text(value: string): Uint8Array {
  return encoder.encode(value);
}

function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
