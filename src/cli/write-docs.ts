/** Writes `docs/cli.md` into the working directory, the repository's root: `npm run docs`. */

import { writeFile } from 'node:fs/promises';
import { renderCommands } from './reference.ts';

await writeFile('docs/cli.md', await renderCommands());
