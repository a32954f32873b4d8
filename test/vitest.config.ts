import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Tests of an API whose folder was taken away are not run. */
const isServed = (dialect: string) => readdirSync(path.join(root, 'src/dialects')).includes(dialect);
const dialects = readdirSync(path.join(root, 'test/dialects'));

/** More requests at once than a server answers in time while other tests use it as well: these run when all others are done. */
const crowded = [
  'test/dialects/keybin/throttle-parallel.test.ts',
  'test/process/stalls.test.ts',
  'test/process/stalls-v2.test.ts',
];

const suites = {
  engines: ['test/storage/**/*.test.ts', 'test/properties/**/*.test.ts'],
  dialects: dialects.filter(isServed).map(dialect => `test/dialects/${dialect}/**/*.test.ts`),
  web: ['test/web/**/*.test.ts'],
  browser: ['test/browser/**/*.test.ts'],
  process: ['test/process/**/*.test.ts', 'test/deploy/**/*.test.ts'],
};

/** Everything that is in no other project, so that no test file can be left out. */
const unit = { include: ['test/**/*.test.ts'], exclude: ['test/dialects/**', ...Object.values(suites).flat()] };

function project(name: string, files: { include: string[]; exclude?: string[] }, groupOrder = 0) {
  return {
    root,
    test: {
      name,
      ...files,
      environment: 'node',
      pool: 'forks',
      // Loading the program anew for each file took a sixth of the whole run.
      isolate: false,
      // A busy machine may be ten times slower than an idle one.
      testTimeout: 90_000,
      hookTimeout: 120_000,
      sequence: { groupOrder },
    },
  } as const;
}

export default defineConfig({
  root,
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // The tests wait for disks and servers more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('unit', unit),
      ...Object.entries(suites).map(([name, include]) => project(name, { include, exclude: crowded })),
      project('crowded', { include: isServed('keybin') ? crowded : [] }, 1),
    ],
  },
});
