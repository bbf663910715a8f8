import { RuleError } from '../core/errors.ts';
import { damaged } from './errors.ts';

/** Decodes what only we wrote: if it does not, it is damaged. @throws StoreError `damaged` */
export function decodeKept<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof RuleError || cause instanceof RangeError)) throw cause;
    throw damaged(`${what} does not decode`, cause);
  }
}
