/** Files that commands are given: whatever they are, a command reads so much and no more, or says why not. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInput, readBytes, readText } from '../../src/cli/io/read-file.ts';
import { runTally } from '../support/run-tally.ts';

const OPTIONS = { maxBytes: 1_000, what: 'a thing' };

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-read-'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('a file', () => {
  test('is read up to what is looked at', async () => {
    await writeFile(at('short'), 'x'.repeat(1_000));
    expect(await readBytes(at('short'), OPTIONS)).toHaveLength(1_000);
    await writeFile(at('long'), 'x'.repeat(1_001));
    await expect(readBytes(at('long'), OPTIONS)).rejects.toThrow('longer than a thing can be');
  });

  test('of a terabyte is not read to its end', async () => {
    await writeFile(at('sparse'), '');
    await truncate(at('sparse'), 2 ** 40);
    await expect(readBytes(at('sparse'), OPTIONS)).rejects.toThrow('longer than a thing can be');
  });

  test('whose size says nothing is read all the same', async () => {
    expect((await readText('/proc/self/comm', OPTIONS)).length).toBeGreaterThan(0);
  });

  test('is text, or is said to be none', async () => {
    await writeFile(at('text'), '\uFEFFgrün');
    expect(await readText(at('text'), OPTIONS)).toBe('grün');
    await writeFile(at('bytes'), Uint8Array.of(0x66, 0xff, 0x6f));
    await expect(readText(at('bytes'), OPTIONS)).rejects.toThrow('it is no UTF-8 text');
  });

  test.each([
    ['/dev/zero', 'is a device'],
    ['/dev/null', 'is a device'],
    ['/', 'is a folder'],
    ['/nowhere', 'cannot read /nowhere (ENOENT)'],
  ])('%s %s', async (path, words) => {
    await expect(readBytes(path, OPTIONS)).rejects.toThrow(words);
  });
});

describe('a named pipe', () => {
  const pipe = (name: string): string => {
    execFileSync('mkfifo', [at(name)]);
    return at(name);
  };

  test('that nobody writes to is given up', async () => {
    const path = pipe('silent');
    await expect(readBytes(path, { ...OPTIONS, pipeWaitMs: 100 })).rejects.toThrow(
      /nothing comes from .*silent/,
    );
  });

  test('that is written to later is read to its end', async () => {
    const path = pipe('later');
    const reading = readText(path, OPTIONS);
    await writeFile(path, 'at last');
    expect(await reading).toBe('at last');
  });

  test('that never ends is read up to what is looked at', async () => {
    const path = pipe('endless');
    // The other side is hung up on.
    const writing = writeFile(path, 'x'.repeat(10_000_000)).catch(() => {});
    await expect(readBytes(path, OPTIONS)).rejects.toThrow('longer than a thing can be');
    await writing;
  });

  test('that stops in the middle is given up', async () => {
    const path = pipe('stopping');
    const { pieces } = await openInput(path, 200);
    const reading = pieces[Symbol.asyncIterator]();
    const first = reading.next();
    const writer = await open(path, 'w');
    await writer.write('a');
    expect(String((await first).value)).toBe('a');
    await expect(reading.next()).rejects.toThrow('nothing comes from');
    await writer.close();
  });
});

/** Every option and argument that names a file to be read, with one that never ends. */
test.each([
  ['verify', '--network', 'dev', '/dev/zero'],
  ['record', '/dev/zero'],
  ['chain', 'import', '/dev/zero', '--data', '/tmp/nowhere'],
  ['network', 'show', '/dev/zero'],
  ['start', '--network', '/dev/zero', '--data', '/tmp/nowhere'],
  ['start', '--psk', '/dev/zero', '--data', '/tmp/nowhere'],
  ['wallet', 'import', '--words-file', '/dev/zero', '--data', '/tmp/nowhere'],
  ['wallet', 'import', '--seed-file', '/dev/zero', '--data', '/tmp/nowhere'],
  ['simulate', '--scenario', '/dev/zero'],
  ['simulate', '--faults', '/dev/zero'],
])('tally %s %s %s %s', async (...args) => {
  const { status, stderr } = await runTally(args);
  expect(stderr).toMatch(/^tally: \/dev\/zero is a device, not a file: [^\n]*\n$/);
  expect(status).toBe(1);
});
