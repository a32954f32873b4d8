/** Writes the rendered documents into the working directory, the repository's root: `npm run docs`. */

import { writeFile } from 'node:fs/promises';
import { renderExample, renderReference } from './render.ts';
import { renderErrors } from './render-errors.ts';

await writeFile('store.cfg.example', renderExample());
await writeFile('docs/configuration.md', renderReference());
await writeFile('docs/errors.md', renderErrors());
