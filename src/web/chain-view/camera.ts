/** What part of the chain is seen: a height at the right edge that glides to where it should be. */
import { computed, signal } from '@preact/signals';
import { tip } from '../state/blocks.ts';
import { calm } from '../state/theme.ts';

/** Of the way that is left, each frame at 60 a second: quick, without a jolt. */
const GLIDE = 0.16;
/** Nearer than this it is there. */
const CLOSE_ENOUGH = 0.002;
/** Beyond this many blocks one does not glide but is there. */
const LONGEST_GLIDE = 120;
const FRAME_MS = 1_000 / 60;

/** Height at the right edge; the space behind the tip is the next block's. */
export const position = signal(0);
/** Whether it goes with the newest block. */
export const isFollowing = signal(true);

/** How many heights fit beside each other, told by the view. */
export const heightsInView = signal(7);

const wanted = signal(0);
let frame: number | undefined;
let lastFrameMs = 0;

/** Of the next block, which is not there yet. */
export const frontHeight = computed(() => (tip.value?.height ?? 0) + 1);

frontHeight.subscribe((front) => {
  if (isFollowing.value) glideTo(front);
});

export function follow(): void {
  isFollowing.value = true;
  glideTo(frontHeight.value);
}

export function pause(): void {
  isFollowing.value = false;
}

/** @param heights forwards if positive; may be a part of one */
export function scrollBy(heights: number): void {
  lookAt(wanted.value + heights);
}

/** Puts this height at the right edge, and stays there; at the front it follows again. */
export function lookAt(height: number): void {
  const bounded = Math.min(Math.max(height, 0), frontHeight.value);
  isFollowing.value = bounded >= frontHeight.value;
  glideTo(bounded);
}

function glideTo(height: number): void {
  wanted.value = height;
  const isFar = Math.abs(height - position.value) > LONGEST_GLIDE;
  if (isFar || calm.value) {
    position.value = height;
    return;
  }
  if (frame !== undefined) return;
  lastFrameMs = performance.now();
  frame = requestAnimationFrame(step);
}

function step(nowMs: number): void {
  const left = wanted.value - position.value;
  if (Math.abs(left) < CLOSE_ENOUGH) {
    position.value = wanted.value;
    frame = undefined;
    return;
  }
  // The same pace whatever the screen's rate.
  const frames = Math.max(0.5, (nowMs - lastFrameMs) / FRAME_MS);
  lastFrameMs = nowMs;
  position.value += left * (1 - (1 - GLIDE) ** frames);
  frame = requestAnimationFrame(step);
}
