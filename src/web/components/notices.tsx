/** What stands where there is nothing to show: not yet, not here, or not any more. */
import type { ComponentChildren } from 'preact';

export function Waiting() {
  return (
    <p class="waiting" role="status">
      Asking the daemon…
    </p>
  );
}

export function Notice({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="notice">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
