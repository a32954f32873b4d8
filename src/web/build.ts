/** The last step of the build: what the pages need beside the compiled program. */

import { cpSync } from 'node:fs';

/** Copies views and static files beside the compiled pages. */
function copy(folder: string): void {
  const from = new URL(`../../src/web/${folder}/`, import.meta.url);
  cpSync(from, new URL(`./${folder}/`, import.meta.url), { recursive: true });
}

copy('views');
copy('assets');
