import { dirname } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { look, type Place } from '../engine/look.ts';
import { localPath } from '../engine/paths.ts';

/** Tells of changes to the watched files. What it cannot see, such as folders that are not there yet, the next round does. */
export class Watcher {
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #watched = '';
  #watcher: FSWatcher | undefined;

  constructor(changed: () => void, failed: (error: unknown) => void) {
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Watches these files, and no others any more. */
  async follow(place: Place, paths: readonly string[]): Promise<void> {
    const files = new Set<string>();
    for (const path of paths) {
      const found = look(place, path);
      if (found.kind === 'blocked') continue;
      files.add(localPath(place.home, path));
      files.add(found.target);
    }
    const watched = [...files].sort().join('\n');
    if (watched === this.#watched) return;
    await this.close();
    this.#watched = watched;
    // Their folders: a file that is replaced is another one, and one that is not there yet is none.
    const folders = new Set([...files].map(file => dirname(file)));
    const { watch } = await import('chokidar');
    this.#watcher = watch([...folders], {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      ignored: path => !folders.has(path) && !files.has(path),
    });
    this.#watcher.on('all', this.#changed).on('error', this.#failed);
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = '';
  }
}
