import { expect, it } from 'vitest';
import { collectStartupGarbage } from '../../src/cli/startup-garbage.ts';

/** In a function of its own, so that nothing here holds it. */
function garbage(): WeakRef<object> {
  return new WeakRef({ of: 'loading' });
}

it('what nobody holds is gone, and nobody else can collect', async () => {
  const ref = garbage();
  // A reference looked at lives until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectStartupGarbage();
  expect(ref.deref()).toBeUndefined();
  expect('gc' in globalThis).toBe(false);
});
