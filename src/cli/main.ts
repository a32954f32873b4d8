#!/usr/bin/env node
/** `keybin`: signals are heard first. With `src/main.ts` the only file that ends a process. */

import module from 'node:module';
import { EXIT } from '../terminal/exit-codes.ts';
import { processContext } from './context.ts';

// From Node.js 22.1 on what was compiled is kept for the next start.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();

const context = processContext(() => process.exit(EXIT.interrupted));
const { run } = await import('./run.ts');
process.exit(await run(process.argv.slice(2), context));
