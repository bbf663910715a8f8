/**
 * A mark for an address: the end of a tally stick with notches of its own, in a colour of its own. The same
 * address always has the same mark, so one sees at a glance who mined a run of blocks.
 */
import { colourOf, notchesOf } from './mark-shape.ts';

export function AddressMark({ address, size }: { readonly address: string; readonly size: number }) {
  const notches = notchesOf(address);
  return (
    <svg class="address-mark" width={size} height={size} viewBox="0 0 22 22" aria-hidden="true">
      <rect x="0.5" y="0.5" width="21" height="21" rx="5" style={{ fill: colourOf(address) }} />
      {notches.map(({ depth, fromTop }, index) => {
        const x = 3.4 + index * 3.8;
        const [start, end] = fromTop ? [0, depth] : [22, 22 - depth];
        return <line key={index} class="notch" x1={x} x2={x} y1={start} y2={end} />;
      })}
    </svg>
  );
}
