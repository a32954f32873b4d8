#!/usr/bin/env node
/** `npm run bench [-- --quick] [-- --write] [-- --only get,punch]`: the scenarios, one after another. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pinSelf } from './pinning.js';
import { collect } from './results.js';
import { commandLine } from './scenarios/command-line.js';
import { dotsync } from './scenarios/dotsync.js';
import { followers } from './scenarios/followers.js';
import { keepScenario } from './scenarios/keep.js';
import { large } from './scenarios/large.js';
import { logins } from './scenarios/logins.js';
import { pagesScenario } from './scenarios/pages.js';
import { punch } from './scenarios/punch.js';
import { simpleSync } from './scenarios/simple-sync.js';
import { v2 } from './scenarios/v2.js';
import { get, getMongo, post, postMongo } from './scenarios/values.js';
import { verstak } from './scenarios/verstak.js';
import { workers } from './scenarios/workers.js';

/** By the names that `--only` takes. */
const scenarios = {
  get,
  post,
  'get-mongo': getMongo,
  'post-mongo': postMongo,
  large,
  workers,
  logins,
  punch,
  dotsync,
  'simple-sync': simpleSync,
  verstak,
  pages: pagesScenario,
  v2,
  followers,
  'command-line': commandLine,
  keep: keepScenario,
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string' } },
});
const only = values.only?.split(',') ?? Object.keys(scenarios);
const unknown = only.filter(name => !Object.hasOwn(scenarios, name));
if (unknown.length > 0) {
  console.error(`--only takes ${Object.keys(scenarios).join(', ')}, not ${unknown.join(', ')}`);
  process.exit(2);
}
const size = values.quick ? { rounds: 3, count: 10_000 } : { rounds: 5, count: 30_000 };
const { run, render } = collect({ ...size, mongo: process.env.MONGODB_URI, pinned: pinSelf() });

for (const [name, scenario] of Object.entries(scenarios)) if (only.includes(name)) await scenario(run);
if (values.write) writeFileSync('docs/benchmarks.md', render());
