import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The package's folder, from `src/` as from `dist/`. */
const ROOT = path.join(import.meta.dirname, '..', '..');

/** Version of the package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The commit this was built from: `KEYBIN_BUILD_COMMIT`, else what a clone has checked out, else `unknown`. */
export function buildCommit(environment: NodeJS.ProcessEnv): string {
  return environment.KEYBIN_BUILD_COMMIT || checkedOut() || 'unknown';
}

function checkedOut(): string | undefined {
  try {
    const head = readFileSync(path.join(ROOT, '.git', 'HEAD'), 'utf8').trim();
    return head.startsWith('ref: ') ? readFileSync(path.join(ROOT, '.git', head.slice(5)), 'utf8').trim() : head;
  } catch {
    return undefined;
  }
}
