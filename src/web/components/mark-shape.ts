/** What an address's mark looks like, drawn from its text. Pure. */

const NOTCHES = 5;
/** Apart enough to tell, and all with the same contrast on light and dark. */
const HUES = [22, 48, 82, 132, 168, 194, 218, 252, 286, 318, 346, 4];
/** Never to the middle: a stick cut through is no stick. */
const DEPTHS = [3.5, 6, 8.5];

export interface Notch {
  readonly fromTop: boolean;
  readonly depth: number;
}

export function notchesOf(address: string): Notch[] {
  const hash = fnv1a(address);
  return Array.from({ length: NOTCHES }, (_, index) => {
    const bits = (hash >>> (index * 4)) & 0xf;
    return { fromTop: (bits & 1) === 1, depth: DEPTHS[(bits >> 1) % DEPTHS.length] ?? 0 };
  });
}

/** CSS. */
export function colourOf(address: string): string {
  const hash = fnv1a(`colour ${address}`);
  const hue = HUES[hash % HUES.length] ?? 0;
  return `hsl(${hue} ${34 + ((hash >>> 8) % 3) * 9}% ${36 + ((hash >>> 12) % 3) * 7}%)`;
}

/** Source: Fowler, Noll, Vo; 32 bits, mixed once more, since addresses of one folder differ late. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
