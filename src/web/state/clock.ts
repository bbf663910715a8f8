/** The time, for ages that tick. */
import { signal } from '@preact/signals';

/** Milliseconds since 1970, told once a second while somebody may be looking. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
document.addEventListener('visibilitychange', () => {
  now.value = Date.now();
});
