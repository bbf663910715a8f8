/** Which page is shown: the part of the address behind `#`, so that any static host will do. */
import { computed, signal } from '@preact/signals';
import { focusPage } from './focus.ts';

const hash = signal(location.hash);

addEventListener('hashchange', () => {
  hash.value = location.hash;
  focusPage();
});

export interface Route {
  /** `block`, `address`, …; empty for the home page. */
  readonly page: string;
  readonly argument: string;
}

export const route = computed<Route>(() => {
  const [page = '', argument = ''] = hash.value.replace(/^#\/?/, '').split('/');
  return { page, argument: decoded(argument) };
});

/** @param path such as `/block/12` */
export function go(path: string): void {
  location.hash = `#${path}`;
}

/** Without a step to come back to. */
export function replace(path: string): void {
  location.replace(`#${path}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
