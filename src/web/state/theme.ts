/** Light or dark: as the system has it, until somebody chooses. */
import { effect, signal } from '@preact/signals';
import { lasting } from './storage.ts';

const KEY = 'tally-theme';
export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');

function chosen(): Theme | undefined {
  const kept = lasting.read(KEY);
  return kept === 'light' || kept === 'dark' ? kept : undefined;
}

const systemTheme = (): Theme => (system.matches ? 'dark' : 'light');
export const theme = signal<Theme>(chosen() ?? systemTheme());

export function startTheme(): void {
  system.addEventListener('change', () => {
    theme.value = chosen() ?? systemTheme();
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  if (theme.value === systemTheme()) lasting.remove(KEY);
  else lasting.write(KEY, theme.value);
}

/** Whether motion is to be left out. */
export const calm = signal(false);
const reduced = matchMedia('(prefers-reduced-motion: reduce)');
calm.value = reduced.matches;
reduced.addEventListener('change', () => {
  calm.value = reduced.matches;
});
