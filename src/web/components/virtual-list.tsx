/** A long table of which only the rows in sight are drawn. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const SPARE_ROWS = 8;

interface Props<T> {
  readonly items: readonly T[];
  readonly rowHeight: number;
  /** Of the part that is seen. */
  readonly height: number;
  readonly label: string;
  readonly head: ComponentChildren;
  readonly columns: number;
  readonly row: (item: T, index: number) => ComponentChildren;
}

export function VirtualList<T>({ columns, head, height, items, label, row, rowHeight }: Props<T>) {
  const box = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const onScroll = () => setTop(element.scrollTop);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE_ROWS);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + SPARE_ROWS);
  return (
    <section
      ref={box}
      class="virtual-list"
      style={{ maxHeight: `${height}px` }}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table class="table" aria-rowcount={items.length}>
        <thead>{head}</thead>
        <tbody>
          <Spacer columns={columns} height={first * rowHeight} />
          {items.slice(first, last).map((item, index) => row(item, first + index))}
          <Spacer columns={columns} height={(items.length - last) * rowHeight} />
        </tbody>
      </table>
    </section>
  );
}

function Spacer({ columns, height }: { readonly columns: number; readonly height: number }) {
  if (height <= 0) return null;
  return (
    <tr class="spacer">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
