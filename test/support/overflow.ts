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
const FIND = `([frameSelector, scrolledSelector]) => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push('the document is ' + root.scrollWidth + ' wide');
  const describe = (element) => element.tagName.toLowerCase() + (element.getAttribute('class') ? '.' + element.getAttribute('class') : '');
  const check = (rectangles, frames, what) => {
    for (const { left, right, width } of rectangles) {
      if (width === 0) continue;
      if (right > innerWidth + 0.5 || left < -0.5) found.push(what() + ' leaves the window: ' + left + ' to ' + right);
      for (const { element, edge } of frames) {
        if (right > edge.right + 0.5 || left < edge.left - 0.5) {
          found.push(what() + ' leaves ' + describe(element) + ': ' + left + ' to ' + right + ', it ends at ' + edge.right);
        }
      }
    }
  };
  const range = document.createRange();
  // Of each element, the frames it lies in are handed down: looked for from below, they would be most of the time.
  const visit = (element, outer) => {
    if (element.matches(scrolledSelector)) return;
    const isVisible = element.checkVisibility({ visibilityProperty: true });
    const edge = element.getBoundingClientRect();
    const frames = element.matches(frameSelector) ? [{ element, edge }, ...outer] : outer;
    const isDrawing = element instanceof SVGElement;
    if (isVisible && (!isDrawing || element instanceof SVGSVGElement)) check([edge], frames, () => describe(element));
    for (const node of element.childNodes) {
      if (node instanceof Element) visit(node, frames);
      else if (node instanceof Text && isVisible && node.data.trim() !== '') {
        range.selectNodeContents(node);
        check(range.getClientRects(), frames, () => '"' + node.data.slice(0, 40) + '"');
      }
    }
  };
  visit(document.body, []);
  return [...new Set(found)].slice(0, 8);
}`;

/** @returns a line for each fault; empty if all fits */
export async function overflowOf(page: Page): Promise<string[]> {
  const found = await page.evaluate(`(${FIND})(${JSON.stringify([FRAMES, SCROLLED])})`);
  return found as string[];
}
