/**
 * Where the keyboard goes on when what had the focus is taken away: browsers put it at the top of the page, far from
 * what came in its place. Here it goes to the step that follows, wherever on the page that happens.
 */

/** What a key can reach. */
const REACHABLE =
  ':is(a[href], button, input, select, textarea, summary, [tabindex="0"]):not(:disabled, [tabindex="-1"])';
/** Of several things that came in the place of one, the step that follows. */
const NEXT_STEP = '[data-next-step]';
/** A choice in the page that leads to an address: the focus stays on it, though the page changes. */
const KEEPS_FOCUS = '[data-keeps-focus]';
/** What has a title of its own. */
const REGION = 'section, details, dialog, .page, main';

let last: Element | undefined;
let isPressed = false;

export function startFocus(): void {
  addEventListener('focusin', ({ target }) => {
    last = target instanceof Element ? target : undefined;
  });
  // A click beside everything lets go of it on purpose.
  addEventListener('pointerdown', () => {
    isPressed = true;
  });
  for (const end of ['pointerup', 'pointercancel']) {
    addEventListener(end, () => {
      isPressed = false;
    });
  }
  addEventListener('focusout', ({ relatedTarget }) => {
    if (isPressed && relatedTarget === null) last = undefined;
  });
  new MutationObserver(restore).observe(document.body, { childList: true, subtree: true });
}

/** Each page begins at its top, and a screen reader begins there too. */
export function focusPage(): void {
  if (document.activeElement?.closest(KEEPS_FOCUS) != null) return;
  scrollTo(0, 0);
  focusOn(mainPart(), { preventScroll: true });
}

function restore(records: readonly MutationRecord[]): void {
  if (last === undefined || document.activeElement !== document.body) return;
  // It may have been moved only, which lets go of it, too.
  const place = last.isConnected ? undefined : placeOf(last, records);
  // One that cannot be used now cannot have the focus either.
  if (last.isConnected && (last.matches(':disabled') || !last.checkVisibility())) return;
  if (place === undefined) {
    focusOn(last.isConnected ? last : mainPart());
    return;
  }
  // A list that scrolls, or the picture of the chain: its keys still work, and it does not jump.
  const widget = place.parent.closest('[tabindex]:not(main)');
  focusOn(widget ?? nextStep(place), { preventScroll: widget !== null });
}

interface Place {
  readonly parent: Element;
  readonly before: Node | null;
  /** What came there at the same time. */
  readonly added: readonly Element[];
}

/** Where it was: the place of it, or of the largest thing around it that has gone. */
function placeOf(gone: Element, records: readonly MutationRecord[]): Place | undefined {
  let lost: Node = gone;
  let found: MutationRecord | undefined;
  for (const record of records) {
    if (![...record.removedNodes].some((node) => node.contains(lost))) continue;
    found = record;
    lost = record.target;
  }
  const parent = found?.target;
  if (found === undefined || !(parent instanceof Element) || !parent.isConnected) return undefined;
  const { nextSibling: after, previousSibling: before } = found;
  const added = records
    .filter(({ target }) => target === parent)
    .flatMap(({ addedNodes }) => [...addedNodes].filter((node) => node instanceof Element))
    .filter((node) => node === before || (follows(node, before) && (after === null || follows(after, node))));
  return { parent, before, added };
}

/** What came in its place; else what follows there; else what is before it. At the least the title above. */
function nextStep({ added, before, parent }: Place): Element {
  for (const one of added) {
    const [step] = [...within(one, NEXT_STEP), ...within(one, REACHABLE)];
    if (step !== undefined) return step;
  }
  const all = within(parent, REACHABLE);
  const following = all.find((one) => follows(one, before));
  if (following !== undefined) return following;
  // Of a row above: where it leads to, not what takes it off the list.
  const preceding = all.filter((one) => !follows(one, before));
  return preceding.findLast((one) => one === before || one.matches('a')) ?? titleOf(parent);
}

/** Behind it, and not in it. */
function follows(node: Node, before: Node | null): boolean {
  if (before === null) return true;
  const { DOCUMENT_POSITION_CONTAINED_BY: inside, DOCUMENT_POSITION_FOLLOWING: behind } = Node;
  return (before.compareDocumentPosition(node) & (behind | inside)) === behind;
}

function within(root: Element, selector: string): Element[] {
  const all = [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];
  return all.filter((one) => one.checkVisibility());
}

function titleOf(inside: Element): Element {
  for (
    let region = inside.closest(REGION);
    region !== null;
    region = region.parentElement?.closest(REGION) ?? null
  ) {
    const [title] = within(region, 'h1, h2');
    if (title !== undefined) return title;
  }
  return mainPart();
}

function mainPart(): Element {
  return document.getElementById('main') ?? document.body;
}

function focusOn(element: Element, options: FocusOptions = {}): void {
  if (!(element instanceof HTMLElement || element instanceof SVGElement)) return;
  if (!element.matches(REACHABLE) && !element.hasAttribute('tabindex'))
    element.setAttribute('tabindex', '-1');
  element.focus(options);
}
