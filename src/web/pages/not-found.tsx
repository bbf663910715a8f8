/** An address of this page that leads nowhere. */
import { Notice } from '../components/notices.tsx';

export function NotFoundPage() {
  return (
    <div class="page">
      <h1>Nothing here</h1>
      <Notice title="This address leads to no page.">
        <p>
          <a href="#/">Back to the chain</a>
        </p>
      </Notice>
    </div>
  );
}
