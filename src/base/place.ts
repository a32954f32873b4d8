/** Where the program lies: as it was written, compiled, or put together into few files. */

import { existsSync } from 'node:fs';

/** The package's folder. */
export const ROOT = above(new URL('./', import.meta.url));

/** The folder of the code, with what is no code beside it: `src/` where it runs as it was written, else `dist/`. */
export const CODE = new URL(import.meta.url.endsWith('.ts') ? 'src/' : 'dist/', ROOT);

/** The nearest folder with a `package.json`. */
function above(folder: URL): URL {
  const parent = new URL('../', folder);
  const isHere = existsSync(new URL('package.json', folder)) || parent.href === folder.href;
  return isHere ? folder : above(parent);
}
