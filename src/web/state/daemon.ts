/** The daemon this page talks to, and how: its address and, if it asks for one, its token. */
import { computed, signal } from '@preact/signals';
import { TallyClient } from '../../client/tally-client.ts';
import { lasting, ofThisTab } from './storage.ts';

const URL_KEY = 'tally-api';
const TOKEN_KEY = 'tally-token';

/** Whoever serves this page knows of several daemons, and hands on what it asks of each. */
export const hasNodes = document.querySelector('meta[name="tally-nodes"]') !== null;

/** Of the folder this page lies in, without a slash at the end: a reverse proxy may have it below a path. */
export const pageUrl = new URL('.', location.href).href.replace(/\/$/, '');

/** Where the API of one of several daemons is. @param number from 1 */
export function nodeUrl(number: number): string {
  return `${pageUrl}/nodes/${number}`;
}

/** The daemon that is looked at unless somebody chooses another. */
const ownUrl = hasNodes ? nodeUrl(1) : pageUrl;

/** `?api=http://…` names another daemon than the one that served the page; it is remembered. */
function chosenUrl(): string {
  const given = new URLSearchParams(location.search).get('api') ?? lasting.read(URL_KEY);
  if (given === undefined || !isHttpUrl(given)) return ownUrl;
  lasting.write(URL_KEY, given);
  return given;
}

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export const apiUrl = signal(chosenUrl());
/** Forgotten when the tab is closed. */
export const token = signal(ofThisTab.read(TOKEN_KEY));

export const client = computed(
  () => new TallyClient({ url: apiUrl.value, ...(token.value === undefined ? {} : { token: token.value }) }),
);

export function chooseDaemon(url: string): void {
  if (url === ownUrl) lasting.remove(URL_KEY);
  else lasting.write(URL_KEY, url);
  apiUrl.value = url;
}

export function keepToken(given: string): void {
  const text = given.trim();
  if (text === '') ofThisTab.remove(TOKEN_KEY);
  else ofThisTab.write(TOKEN_KEY, text);
  token.value = text === '' ? undefined : text;
}
