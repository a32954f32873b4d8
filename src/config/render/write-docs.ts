/** Writes the rendered documents into the working directory, the repository's root: `npm run docs`. */

import { writeFile } from 'node:fs/promises';
import { renderErrors } from './errors.ts';
import { renderExample, renderReference } from './render.ts';

await writeFile('store.cfg.example', renderExample());
await writeFile('docs/configuration.md', renderReference());
await writeFile('docs/errors.md', renderErrors());
