/**
 * JSON from callers, looked over before it is parsed: parsing takes as long as there are values in it, and so does
 * saying what is wrong with them. Bodies of this API are flat and have few fields.
 */
import { badRequest, HttpError } from './errors.ts';
import { MAX_FIELDS } from './limits.ts';

/** What begins an object, an array, the value of a field, a further item. No text in a body of ours has one. */
const MARKS: ReadonlySet<number> = new Set([...'{[:,'].map((mark) => mark.charCodeAt(0)));

/** @param most signs of `MARKS` it may have @throws HttpError 400 */
export function requireFewMarks(body: Uint8Array, most: number): void {
  let count = 0;
  for (const byte of body) {
    if (MARKS.has(byte) && ++count > most)
      throw badRequest('the body has more fields than the longest request: leave some out');
  }
}

/** @throws HttpError 400 `malformed-json` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HttpError(400, 'malformed-json', `the body is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** A schema would name each unknown field. @throws HttpError 400 */
export function requireFewFields(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) return;
  const { length } = Object.keys(value);
  if (length > MAX_FIELDS)
    throw badRequest(`${where} has ${length} fields, at most ${MAX_FIELDS} are looked at`);
}
