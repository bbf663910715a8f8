/** How full something is, counted in notches. */
const NOTCHES = 16;

export function NotchGauge({ share }: { readonly share: number }) {
  // Something is never nothing.
  const lit = share <= 0 ? 0 : Math.max(1, Math.round(Math.min(1, share) * NOTCHES));
  return (
    <span class="notch-gauge" aria-hidden="true">
      {Array.from({ length: NOTCHES }, (_, index) => (
        <i key={index} class={index < lit ? 'lit' : ''} />
      ))}
    </span>
  );
}
