/** Several daemons at once, where whoever serves the page knows of several: `tally explore` and `tally devnet`. */
import { computed, signal } from '@preact/signals';
import type { NodeBlockJson, NodeJson, NodeReorganisationJson, NodesJson } from '../../client/nodes-json.ts';
import { Sightings } from '../nodes-view/sightings.ts';
import { apiUrl, chooseDaemon, hasNodes, keepToken, nodeUrl } from './daemon.ts';

/** After a refusal, which ends the browser's own tries. */
const RETRY_MS = 5_000;
/** News come every two seconds; after such a silence the machine slept, or the line broke and nobody said so. */
const SILENCE_MS = 10_000;
const LISTEN_EVERY_MS = 2_000;
/** In a hurry blocks come many times a second, to every daemon. */
const DRAW_EVERY_MS = 80;

const told = signal<NodesJson>({ nodes: [] });
/** Whether the page hears of them. */
export const isNodesStreamOpen = signal(false);
export const nodes = computed<readonly NodeJson[]>(() => told.value.nodes);
/** The numbers on one side of the cut; undefined where the network cannot be cut. */
export const apart = computed(() => told.value.apart);
/** What they saw; another each time the stream begins, for that begins with all there is. */
export let sightings = new Sightings();
/** Rises with every change of `sightings`, but not more often than is seen. */
export const sightingsVersion = signal(0);

let source: EventSource | undefined;
let heardAtMs = 0;
let drawing: number | undefined;

/** Begins, and goes on while somebody may look: a hidden tab has no stream, browsers have few. */
export function startNodes(): void {
  if (!hasNodes) return;
  open();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && source === undefined) open();
    if (document.hidden) close();
  });
  setInterval(() => {
    if (source === undefined || Date.now() - heardAtMs < SILENCE_MS) return;
    close();
    open();
  }, LISTEN_EVERY_MS);
}

function open(): void {
  const stream = new EventSource('/nodes/events');
  source = stream;
  heardAtMs = Date.now();
  stream.addEventListener('open', () => {
    sightings = new Sightings();
    isNodesStreamOpen.value = true;
  });
  stream.addEventListener('error', () => {
    isNodesStreamOpen.value = false;
    if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
    close();
    setTimeout(() => {
      if (source === undefined && !document.hidden) open();
    }, RETRY_MS);
  });
  stream.addEventListener('nodes', ({ data }) => takeNodes(JSON.parse(data) as NodesJson));
  stream.addEventListener('block', ({ data }) => {
    sightings.takeBlock(JSON.parse(data) as NodeBlockJson);
    changed();
  });
  stream.addEventListener('reorganisation', ({ data }) => {
    sightings.takeReorganisation(JSON.parse(data) as NodeReorganisationJson);
    changed();
  });
}

function close(): void {
  source?.close();
  source = undefined;
}

function takeNodes(news: NodesJson): void {
  heardAtMs = Date.now();
  told.value = news;
  for (const { number, sinceMs, state, status } of news.nodes) {
    if (state !== 'connecting') sightings.takeState(number, state === 'down', sinceMs);
    if (status !== undefined) sightings.takeTip(number, status.tip, status.height, Date.now());
  }
  if (chosenNode.value === undefined && apiUrl.value.startsWith(`${location.origin}/nodes/`)) chooseNode(1);
  changed();
}

function changed(): void {
  if (drawing !== undefined) return;
  drawing = setTimeout(() => {
    drawing = undefined;
    sightingsVersion.value += 1;
  }, DRAW_EVERY_MS);
}

/** The daemon that all other pages look at, if it is one of these. */
export const chosenNode = computed(() => nodes.value.find(({ number }) => nodeUrl(number) === apiUrl.value));

export function chooseNode(number: number): void {
  if (nodeUrl(number) === apiUrl.value) return;
  // A token is one daemon's.
  keepToken('');
  chooseDaemon(nodeUrl(number));
}
