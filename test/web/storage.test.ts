/** What is kept for the page, and what becomes of it where the browser does not keep it. */
import { expect, it } from 'vitest';
import { keptIn } from '../../src/web/state/storage.ts';

/** As much of a browser's storage as is used. */
class FakeStorage {
  readonly texts = new Map<string, string>();
  isFull = false;
  getItem = (key: string) => this.texts.get(key) ?? null;
  setItem = (key: string, text: string) => {
    if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
    this.texts.set(key, text);
  };
  removeItem = (key: string) => void this.texts.delete(key);
}

function kept(storage: FakeStorage) {
  return keptIn(() => storage as unknown as Storage);
}

it('is what the browser keeps, where it does', () => {
  const storage = new FakeStorage();
  const first = kept(storage);
  expect(first.write('a', '1')).toBe(true);
  expect([kept(storage).read('a'), kept(storage).read('b')]).toEqual(['1', undefined]);
  first.remove('a');
  expect(storage.texts.size).toBe(0);
});

it('is remembered where to name the storage throws', () => {
  const texts = keptIn(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  expect(texts.read('a')).toBeUndefined();
  expect(texts.write('a', '1')).toBe(false);
  expect(texts.read('a')).toBe('1');
  texts.remove('a');
  expect(texts.read('a')).toBeUndefined();
});

it('is the newer text where the storage is full, and never the one before it', () => {
  const storage = new FakeStorage();
  const texts = kept(storage);
  texts.write('a', 'old');
  storage.isFull = true;
  expect(texts.write('a', 'new')).toBe(false);
  expect(texts.read('a')).toBe('new');
  storage.isFull = false;
  expect(texts.write('a', 'newest')).toBe(true);
  expect([texts.read('a'), storage.texts.get('a')]).toEqual(['newest', 'newest']);
});
