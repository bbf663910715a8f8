/** Several daemons at once, where whoever serves the page knows of several: `tally explore` and `tally devnet`. */
import { computed, signal } from '@preact/signals';
import { pause } from '../../client/back-off.ts';
import { ApiError } from '../../client/errors.ts';
import type { StreamEvent } from '../../client/event-stream.ts';
import type { NodeBlockJson, NodeJson, NodeReorganisationJson, NodesJson } from '../../client/nodes-json.ts';
import { Sightings } from '../nodes-view/sightings.ts';
import { readStream } from '../streams/stream.ts';
import { apiUrl, chooseDaemon, hasNodes, keepToken, nodeUrl, pageUrl } from './daemon.ts';

/** Between two tries. */
const RETRY_MS = 1_000;
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
/** What they saw; another when some of it was missed, for then all there is comes again. */
export let sightings = new Sightings();
/** Rises with every change of `sightings`, but not more often than is seen. */
export const sightingsVersion = signal(0);

/** Number of the last event; 0: all there are. */
let last = 0;
let running = new AbortController();
let heardAtMs = 0;
let drawing: number | undefined;

/** Begins, and goes on until the page is closed. */
export function startNodes(): void {
  if (!hasNodes) return;
  void keepStreaming();
  setInterval(() => {
    if (!document.hidden && isNodesStreamOpen.value && Date.now() - heardAtMs > SILENCE_MS) running.abort();
  }, LISTEN_EVERY_MS);
}

async function keepStreaming(): Promise<void> {
  for (;;) {
    running = new AbortController();
    const { signal } = running;
    try {
      // The server asks the daemons more often while a page listens.
      const options = { after: last, whileHidden: 'leave', signal } as const;
      for await (const event of readStream(`${pageUrl}/nodes/events`, options)) hear(event);
    } catch (error) {
      // A number that was never given out: it is another server, or its clock was set back.
      if (error instanceof ApiError && error.status === 400) last = 0;
    }
    isNodesStreamOpen.value = false;
    if (!signal.aborted) await pause(RETRY_MS);
  }
}

function hear({ data, id, type }: StreamEvent): void {
  heardAtMs = Date.now();
  isNodesStreamOpen.value = true;
  if (id !== '') last = Number(id);
  if (type === 'missed') sightings = new Sightings();
  else if (type === 'nodes') takeNodes(data as NodesJson);
  else if (type === 'block') sightings.takeBlock(data as NodeBlockJson);
  else if (type === 'reorganisation') sightings.takeReorganisation(data as NodeReorganisationJson);
  changed();
}

function takeNodes(news: NodesJson): void {
  told.value = news;
  for (const { number, sinceMs, state, status } of news.nodes) {
    if (state !== 'connecting') sightings.takeState(number, state === 'down', sinceMs);
    if (status !== undefined) sightings.takeTip(number, status.tip, status.height, Date.now());
  }
  if (chosenNode.value === undefined && apiUrl.value.startsWith(`${pageUrl}/nodes/`)) chooseNode(1);
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
