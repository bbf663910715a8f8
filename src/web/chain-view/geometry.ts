/** Sizes of the live view in CSS pixels. */

export interface Geometry {
  readonly card: number;
  readonly gap: number;
  readonly cardHeight: number;
  /** From one lane to the next. */
  readonly lane: number;
  /** Above the chain. */
  readonly top: number;
  /** Below the last lane. */
  readonly bottom: number;
}

const WIDE: Geometry = { card: 136, gap: 40, cardHeight: 132, lane: 164, top: 48, bottom: 4 };
const NARROW: Geometry = { card: 104, gap: 26, cardHeight: 124, lane: 154, top: 44, bottom: 0 };
/** Below this a phone. */
const NARROW_BELOW = 640;

export function geometryFor(width: number): Geometry {
  return width < NARROW_BELOW ? NARROW : WIDE;
}

/** From one height to the next. */
export function stepOf({ card, gap }: Geometry): number {
  return card + gap;
}
