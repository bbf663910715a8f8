import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-explorer.ts'],
    setupFiles: ['src/native/hasher.ts'],
    testTimeout: 30_000,
    coverage: {
      include: ['src/core/**', 'src/chain/**'],
      reporter: ['text'],
      thresholds: { lines: 95 },
    },
  },
});
