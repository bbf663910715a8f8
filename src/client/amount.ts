/** Amounts as people write them: tally with up to six decimals, exactly. */
/** As in core/types.ts, which takes 100 ms to load; a test holds them together. */
export const MAX_NOTCHES = 2n ** 63n - 1n;

const DECIMALS = 6;

/** @returns notches @throws RangeError saying what is wrong: not a number, too fine, too much */
export function parseTally(text: string): bigint {
  const match = /^([0-9]{1,13})(?:\.([0-9]+))?$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not an amount like 12 or 0.5`);
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > DECIMALS)
    throw new RangeError(`"${text}" is finer than a notch: at most six decimals`);
  return withinUint63(BigInt(whole + fraction.padEnd(DECIMALS, '0')), text);
}

/**
 * An amount with or without its unit: `1.5`, `1.5tally`, `1500000notches`.
 *
 * @returns notches @throws RangeError as the two parsers of a unit
 */
export function parseAmount(text: string): bigint {
  const [, number = text, unit] = /^(.*?) ?(tally|notch|notches)$/.exec(text) ?? [];
  return unit?.startsWith('notch') === true ? parseNotches(number) : parseTally(number);
}

/** @returns notches @throws RangeError if `text` is no whole number or too much */
export function parseNotches(text: string): bigint {
  if (!/^[0-9]{1,19}$/.test(text)) throw new RangeError(`"${text}" is not a whole number of notches`);
  return withinUint63(BigInt(text), text);
}

/** The shortest exact decimal number of tally: 1500000n is "1.5". */
export function formatTally(notches: bigint): string {
  const sign = notches < 0n ? '-' : '';
  const digits = (notches < 0n ? -notches : notches).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

function withinUint63(notches: bigint, text: string): bigint {
  if (notches > MAX_NOTCHES) throw new RangeError(`"${text}" is more than there can be`);
  return notches;
}
