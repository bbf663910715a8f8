/** What of a page does not fit: the document wider than its window, or something that sticks out of its frame. */
import type { Page } from 'playwright-core';

/** What has an edge that its content must not cross. */
const FRAMES =
  '.panel, .chart, .notice, .invitation, .page, .figures, .bar, .ways, .end, .button, .account, .command, .field, dialog, td, th';
/** What scrolls or is cut off on purpose. */
const SCROLLED =
  '.stage, .virtual-list, .wide-table, .timeline-field, .branch-tree, .hidden, .skip, .network-name, .tag, .chip, select';

/**
 * Runs in the page: every text and every box against the window and the frames it lies in. Half a pixel is rounding.
 */
const FIND = `([frames, scrolled]) => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push('the document is ' + root.scrollWidth + ' wide');
  const describe = (element) => element.tagName.toLowerCase() + (element.getAttribute('class') ? '.' + element.getAttribute('class') : '');
  const check = (element, rectangles, what) => {
    for (const { left, right, width } of rectangles) {
      if (width === 0) continue;
      if (right > innerWidth + 0.5 || left < -0.5) found.push(what + ' leaves the window: ' + left + ' to ' + right);
      for (let frame = element.closest(frames); frame !== null; frame = frame.parentElement?.closest(frames) ?? null) {
        const edge = frame.getBoundingClientRect();
        if (right > edge.right + 0.5 || left < edge.left - 0.5) {
          found.push(what + ' leaves ' + describe(frame) + ': ' + left + ' to ' + right + ', it ends at ' + edge.right);
        }
      }
    }
  };
  const range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node instanceof Text ? node.parentElement : node;
    if (element.closest(scrolled) !== null || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (node instanceof Text) {
      if (node.data.trim() === '') continue;
      range.selectNodeContents(node);
      check(element, range.getClientRects(), '"' + node.data.slice(0, 40) + '"');
    } else if (!(element instanceof SVGElement) || element instanceof SVGSVGElement) {
      check(element, [element.getBoundingClientRect()], describe(element));
    }
  }
  return [...new Set(found)].slice(0, 8);
}`;

/** @returns a line for each fault; empty if all fits */
export async function overflowOf(page: Page): Promise<string[]> {
  const found = await page.evaluate(`(${FIND})(${JSON.stringify([FRAMES, SCROLLED])})`);
  return found as string[];
}
