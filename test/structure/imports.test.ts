/** The house keeps its plan: imports point downwards only, and each room does without what it must not have. */
import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { packageOf, parseSource, readSources, resolveImport, roomOf, type SourceFile } from './sources.ts';

/** From the top; rooms of one floor do not know each other. */
const FLOORS = [
  ['cli'],
  ['web'],
  ['testing'],
  ['api'],
  ['daemon.ts'],
  ['p2p', 'mining'],
  ['simulation'],
  ['client'],
  ['node'],
  ['chain'],
  ['store'],
  ['native'],
  ['core'],
];
const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));

/** What `core/` may use: nothing of Node, and nothing with a clock, a disk or a socket in it. */
const CORE_PACKAGES = ['@chainsafe/ssz', '@chainsafe/persistent-merkle-tree', '@scure/base'];
/** Gives the SSZ library what browsers lack, so it may name it. */
const STAND_IN = 'core/buffer-stand-in.ts';
/** All that implementations of ports may know of `node/`. */
const PORT_FILES = ['node/ports.ts', 'node/wire.ts', 'node/compact-block.ts', 'node/address-group.ts'];
/** Native binaries stay where there is a substitute for them. */
const NATIVE_PACKAGES = ['sodium-native', '@chainsafe/hashtree'];
const MAX_LINES = 500;

const sources = readSources();
const inRooms = (...rooms: string[]) => sources.filter(({ room }) => rooms.includes(room));

/** `file: import` for each import the rule forbids. */
function offences(files: SourceFile[], forbids: (file: SourceFile, specifier: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((specifier) => forbids(file, specifier)).map((found) => `${file.path}: ${found}`),
  );
}

function pointsUpwards(file: SourceFile, specifier: string): boolean {
  const target = resolveImport(file, specifier);
  if (target === undefined || target.startsWith('..') || roomOf(target) === file.room) return false;
  return floorOf(roomOf(target)) <= floorOf(file.room);
}

/** `file: text` for each place that matches. */
function mentions(files: SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([found]) => `${path}: ${found}`));
}

describe('the rooms', () => {
  it('hold every file', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(({ room }) => floorOf(room) < 0).map(({ path }) => path)).toEqual([]);
  });

  it('import downwards only', () => expect(offences(sources, pointsUpwards)).toEqual([]));

  it('do not reach out of src/, but for the version in package.json', () => {
    const outside = (file: SourceFile, specifier: string) => {
      const target = resolveImport(file, specifier);
      return target?.startsWith('..') === true && target !== '../package.json';
    };
    expect(offences(sources, outside)).toEqual([]);
  });

  it('name files they import by their whole name', () => {
    const short = (_: SourceFile, specifier: string) =>
      specifier.startsWith('.') && !/\.(tsx?|js|json|css)$/.test(specifier);
    expect(offences(sources, short)).toEqual([]);
  });

  it(`have no file of more than ${MAX_LINES} lines`, () => {
    expect(sources.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => [path, lines])).toEqual(
      [],
    );
  });
});

describe('core/', () => {
  it('uses no part of Node and no package but those for SSZ and bech32', () => {
    const foreign = (_: SourceFile, specifier: string) =>
      !specifier.startsWith('.') && !CORE_PACKAGES.includes(packageOf(specifier));
    expect(offences(inRooms('core'), foreign)).toEqual([]);
  });

  it('has no clock, no chance, no process and no Buffer', () => {
    const impure =
      /\b(Date\.now|new Date|performance\.|Math\.random|setTimeout|setInterval|setImmediate|process\.|Buffer\b|fetch\(|crypto\.|console\.)/g;
    const files = inRooms('core').filter(({ path }) => path !== STAND_IN);
    expect(mentions(files, impure)).toEqual([]);
  });
});

describe('chain/ and node/', () => {
  const files = inRooms('chain', 'node');

  it('have no clock and no chance but those they are given', () => {
    const impure =
      /\b(Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval|setImmediate|crypto\.|process\.|console\.)/g;
    expect(mentions(files, impure)).toEqual([]);
  });

  it('use nothing of Node', () => {
    expect(offences(files, (_, specifier) => isBuiltin(specifier))).toEqual([]);
  });

  it('know nothing of libp2p', () => {
    expect(offences(files, (_, specifier) => specifier.includes('libp2p'))).toEqual([]);
  });
});

describe('implementations of the ports', () => {
  it('know of node/ the ports and the wire only', () => {
    const more = (file: SourceFile, specifier: string) => {
      const target = resolveImport(file, specifier);
      return target !== undefined && roomOf(target) === 'node' && !PORT_FILES.includes(target);
    };
    expect(offences(inRooms('p2p', 'mining'), more)).toEqual([]);
  });
});

describe('web/', () => {
  it('knows of the daemon only what its client does', () => {
    const closer = (file: SourceFile, specifier: string) => {
      const target = resolveImport(file, specifier);
      return target !== undefined && !['web', 'client'].includes(roomOf(target));
    };
    expect(offences(inRooms('web'), closer)).toEqual([]);
  });

  it('uses nothing of Node', () => {
    expect(offences(inRooms('web'), (_, specifier) => isBuiltin(specifier))).toEqual([]);
  });
});

describe('native packages', () => {
  it('are used in native/ and mining/ only', () => {
    const elsewhere = sources.filter(({ room }) => room !== 'native' && room !== 'mining');
    expect(offences(elsewhere, (_, specifier) => NATIVE_PACKAGES.includes(packageOf(specifier)))).toEqual([]);
  });
});

describe('these tests can fail', () => {
  const file = (path: string, text: string) => parseSource(path, text);

  it.each([
    ["import { a } from '../node/a.ts';", '../node/a.ts'],
    ["import type {\n  A,\n} from '../node/a.ts';", '../node/a.ts'],
    ["export * from '../node/a.ts';", '../node/a.ts'],
    ["import '../node/a.ts';", '../node/a.ts'],
    ["await import('../node/a.ts')", '../node/a.ts'],
    ["new Worker(new URL('../node/a.ts', import.meta.url))", '../node/a.ts'],
  ])('an import is seen: %j', (text, specifier) => {
    expect(offences([file('chain/b.ts', text)], pointsUpwards)).toEqual([`chain/b.ts: ${specifier}`]);
  });

  it('siblings are seen', () => {
    expect(offences([file('p2p/b.ts', "import '../mining/a.ts';")], pointsUpwards)).toHaveLength(1);
  });

  it('comments are not code, strings are not comments', () => {
    expect(file('a.ts', "// Date.now\n/* Date.now */ const a = 'http://x'; b();").code).toContain(
      "'http://x'; b();",
    );
    expect(mentions([file('a.ts', '// Date.now\n/** Date.now */')], /Date\.now/g)).toEqual([]);
    expect(mentions([file('a.ts', 'const t = Date.now();')], /Date\.now/g)).toEqual(['a.ts: Date.now']);
  });
});
