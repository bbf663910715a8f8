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
/** As the text there, a quarter larger and more: it is read from across the room. */
const WALL: Geometry = { card: 178, gap: 52, cardHeight: 168, lane: 210, top: 60, bottom: 4 };
/** Below this a phone. */
const NARROW_BELOW = 640;
/** From here on a screen on a wall; as in `style/base.css`. */
const WALL_FROM = 1_900;

export function geometryFor(width: number): Geometry {
  if (width < NARROW_BELOW) return NARROW;
  return width < WALL_FROM ? WIDE : WALL;
}

/** From one height to the next. */
export function stepOf({ card, gap }: Geometry): number {
  return card + gap;
}
