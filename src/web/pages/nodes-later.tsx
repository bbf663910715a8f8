/** The view of several daemons, loaded when somebody looks at it: a daemon's own page never does. */
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Notice, Waiting } from '../components/notices.tsx';

const page = signal<ComponentType | undefined>(undefined);
const hasFailed = signal(false);

async function load(): Promise<void> {
  try {
    page.value = (await import('./nodes.tsx')).NodesPage;
  } catch {
    hasFailed.value = true;
  }
}

export function NodesPageLater() {
  useEffect(() => void load(), []);
  const { value: Page } = page;
  if (Page !== undefined) return <Page />;
  if (!hasFailed.value) return <Waiting />;
  return (
    <div class="page">
      <Notice title="This view could not be loaded">
        <p>Whoever serves this page does not answer, or serves another version by now: reload it.</p>
      </Notice>
    </div>
  );
}
