/** Tells those who listen instead of look what happened, not more often than one can listen. */
import { useEffect, useState } from 'preact/hooks';
import { activity, counted } from '../state/activity.ts';

const EVERY_MS = 6_000;

export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    let told = activity.value[0]?.key ?? -1;
    const timer = setInterval(() => {
      const fresh = activity.value.filter(({ key, kind }) => key > told && kind !== 'peer');
      const [newest] = fresh;
      if (newest === undefined) return;
      told = newest.key;
      // A reorganisation matters more than the block after it.
      const said = fresh.find(({ kind }) => kind === 'reorganisation') ?? newest;
      const more = fresh.length === 1 ? '' : `; ${counted(fresh.length - 1, 'more event')}`;
      setText(`${said.text}${more}`);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
