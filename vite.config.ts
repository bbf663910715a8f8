/** Builds the explorer: `src/web` becomes `dist/web`, one page with its assets, compressed beforehand. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const outDir = fileURLToPath(new URL('dist/web/', import.meta.url));

/** The daemon serves what lies beside a file as `.br` and `.gz`, so that it never compresses. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle: async () => {
      const names = await readdir(outDir, { recursive: true });
      for (const name of names.filter((one) => /\.(html|js|css|svg)$/.test(one))) {
        const path = join(outDir, name);
        const bytes = await readFile(path);
        const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
        await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, best));
        await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('src/web/', import.meta.url)),
  // Relative, so that the same build works below any path of a static host.
  base: './',
  plugins: [precompress()],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would be `data:` fonts, which the Content-Security-Policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8141' } },
});
