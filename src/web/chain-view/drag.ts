/** Moves the view by wheel, finger and mouse. */
import { useEffect, useRef } from 'preact/hooks';
import { scrollBy } from './camera.ts';

/** A press that moves less is a click. */
const DRAG_BEYOND_PX = 5;

/** @returns whether the last press was a drag */
export function useDrag(stage: { readonly current: HTMLElement | null }, step: number): () => boolean {
  const dragged = useRef(false);
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    let lastX: number | undefined;
    let moved = 0;
    const onWheel = (event: WheelEvent) => {
      const delta = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (Math.abs(delta) < Math.abs(event.deltaY) && !event.shiftKey) return;
      event.preventDefault();
      scrollBy(delta / step);
    };
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      lastX = event.clientX;
      moved = 0;
      dragged.current = false;
    };
    const onMove = (event: PointerEvent) => {
      if (lastX === undefined) return;
      const delta = event.clientX - lastX;
      lastX = event.clientX;
      moved += Math.abs(delta);
      if (moved < DRAG_BEYOND_PX) return;
      dragged.current = true;
      element.setPointerCapture(event.pointerId);
      scrollBy(-delta / step);
    };
    const onUp = () => {
      lastX = undefined;
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', onUp);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', onUp);
    };
  }, [stage, step]);
  return () => dragged.current;
}
