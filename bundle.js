/**
 * The last step of the build: the server as few files. Loading four hundred modules takes longer than all else that a start does; what is
 * not always needed stays apart. With `--watch` again after every change. See docs/decisions/0037-server-in-few-files.md.
 */

import { build, watch } from 'rolldown';

/** Packages that go in: many files, of which few are used. The others are loaded as they are installed. */
const BUNDLED = /^(zod|uuid)$/;

/** @type {import('rolldown').BuildOptions} */
const options = {
  // Plugins import the second one: what it has in common with the server is the same object in both.
  input: { main: 'src/main.ts', 'plugin/index': 'src/plugin/index.ts' },
  platform: 'node',
  logLevel: 'warn',
  external: id => /^[a-z@]/.test(id) && !id.startsWith('src/') && !BUNDLED.test(id),
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'server/[name].js' },
};

if (process.argv[2] === '--watch') watch(options);
else await build(options);
