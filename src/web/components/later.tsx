/** A page that is fetched when somebody goes there, so that looking at the chain stays quick. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from './action.tsx';
import { Notice } from './notices.tsx';

interface Props {
  /** Always the same function for the same page. */
  readonly load: () => Promise<ComponentType<{ readonly argument: string }>>;
  readonly argument: string;
}

export function Later({ argument, load }: Props) {
  const [Page, setPage] = useState<{ readonly Component: ComponentType<{ readonly argument: string }> }>();
  const [failure, setFailure] = useState('');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isLeft = false;
    setFailure('');
    load().then(
      (Component) => isLeft || setPage({ Component }),
      (error: unknown) => isLeft || setFailure(messageOf(error)),
    );
    return () => {
      isLeft = true;
    };
  }, [load, attempt]);
  if (failure !== '') {
    return (
      <div class="page">
        <Notice title="This page could not be fetched from the daemon.">
          <p>{failure}</p>
          <p>
            <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
              Try again
            </button>
          </p>
        </Notice>
      </div>
    );
  }
  if (Page === undefined) {
    return (
      <p class="waiting" role="status">
        One moment…
      </p>
    );
  }
  return <Page.Component argument={argument} />;
}
