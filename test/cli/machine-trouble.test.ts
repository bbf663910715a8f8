import { expect, test, vi } from 'vitest';
import { EXIT, report } from '../../src/cli/errors.ts';
import { failureText } from '../../src/cli/machine-trouble.ts';
import { StoreError } from '../../src/store/errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: open '/a/file'`), { code });
}

test.each([
  ['EMFILE', 'ulimit -n'],
  ['ENFILE', 'close some programs'],
  ['ENOSPC', 'free some'],
  ['EDQUOT', 'free some'],
  ['EROFS', '--data'],
])('%s is a failed operation with what to try, and no bug', (code, advice) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    for (const error of [
      systemError(code),
      new Error('a worker did not start', { cause: systemError(code) }),
    ]) {
      expect(report(error)).toBe(EXIT.failed);
      const said = String(write.mock.calls.pop()?.[0]);
      expect(said).toMatch(/^tally: [^\n]+\n$/);
      expect(said).toContain(advice);
      expect(said).not.toContain('should not have happened');
    }
  } finally {
    write.mockRestore();
  }
});

test('an error that says what to try already is left as it is', () => {
  expect(failureText(new StoreError('full', 'no room is left on the disk: free some and start again'))).toBe(
    'no room is left on the disk: free some and start again',
  );
});

test('a bug stays one', () => {
  expect(failureText(new TypeError('x is undefined'))).toBe('x is undefined');
});
