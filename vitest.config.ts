import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What the package names by itself is here the sources.
  ssr: {
    resolve: {
      conditions: ['tallystick-source', 'node', 'import', 'module', 'default'],
      externalConditions: ['tallystick-source', 'node', 'import'],
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-explorer.ts'],
    setupFiles: ['src/native/hasher.ts'],
    // They wait for events. Two browsers and four daemons at once take their time on two cores that others use too.
    testTimeout: 60_000,
    // Most of them wait for processes and browsers: one core left idle for others, as by default, would double the time.
    maxWorkers: '100%',
    coverage: {
      include: ['src/core/**', 'src/chain/**'],
      reporter: ['text'],
      thresholds: { lines: 95 },
    },
  },
});
