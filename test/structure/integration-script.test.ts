/** The script of continuous integration: nothing of it runs if the shell cannot read it. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a shell can read it, to the end', () => {
  const script = fileURLToPath(new URL('../../.ci/run', import.meta.url));
  expect(() => execFileSync('bash', ['-n', script], { stdio: 'pipe' })).not.toThrow();
});
