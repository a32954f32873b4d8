import { readFileSync } from 'node:fs';
import { ROOT } from '../base/place.ts';

/** Version of the package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  return version;
}

/** The commit this was built from: `KEYBIN_BUILD_COMMIT`, else what a clone has checked out, else `unknown`. */
export function buildCommit(environment: NodeJS.ProcessEnv): string {
  return environment.KEYBIN_BUILD_COMMIT || checkedOut() || 'unknown';
}

function checkedOut(): string | undefined {
  try {
    const read = (name: string) => readFileSync(new URL(`.git/${name}`, ROOT), 'utf8').trim();
    const head = read('HEAD');
    return head.startsWith('ref: ') ? read(head.slice(5)) : head;
  } catch {
    return undefined;
  }
}
