/**
 * A button for what takes a moment. While it does, the button does nothing, and keeps the focus: one that is disabled
 * would let go of it, and the keyboard would go on at the top of the page.
 */
import type { ComponentChildren } from 'preact';

interface Props {
  readonly type?: 'button' | 'submit';
  /** Of style, besides its own. */
  readonly class?: string;
  readonly isBusy: boolean;
  /** Something is still missing: it cannot have been pressed. */
  readonly isUnready?: boolean;
  readonly onClick?: () => void;
  readonly children: ComponentChildren;
}

export function Button({
  children,
  class: style = '',
  isBusy,
  isUnready = false,
  onClick,
  type = 'button',
}: Props) {
  return (
    <button
      type={type}
      class={`button ${style}`}
      disabled={isUnready && !isBusy}
      aria-disabled={isBusy}
      onClick={(event) => {
        // Of a form's, also what Enter in one of its fields does.
        if (isBusy) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}
