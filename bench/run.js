#!/usr/bin/env node
/** `npm run bench [-- --quick] [-- --write] [-- --only TEXT]`: every scenario, one after another. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { collect } from './results.js';
import { dotsync } from './scenarios/dotsync.js';
import { large } from './scenarios/large.js';
import { logins } from './scenarios/logins.js';
import { punch } from './scenarios/punch.js';
import { simpleSync } from './scenarios/simple-sync.js';
import { readEmbedded, readMongo, writeEmbedded, writeMongo } from './scenarios/values.js';
import { verstak } from './scenarios/verstak.js';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string' } },
});
const scenarios = [
  readEmbedded,
  writeEmbedded,
  readMongo,
  writeMongo,
  large,
  logins,
  punch,
  dotsync,
  simpleSync,
  verstak,
];
const size = values.quick ? { rounds: 3, count: 10_000 } : { rounds: 5, count: 30_000 };
const { run, render } = collect({ ...size, mongo: process.env.MONGODB_URI });

for (const scenario of scenarios) {
  if (values.only !== undefined && !scenario.name.toLowerCase().includes(values.only.toLowerCase())) continue;
  await scenario(run);
}
if (values.write) writeFileSync('docs/benchmarks.md', render());
