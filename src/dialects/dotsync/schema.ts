import type { Context } from 'koa';
import { InvalidInputError } from '../../base/errors.ts';
import type { JsonObject } from '../../http/body/body.ts';
import { type Git, readGit } from './git.ts';
import { isFilePath } from './paths.ts';

/** Most paths of one config. */
const MAX_FILES = 1000;

const EXPECTED_PATH =
  'a path that begins with ~/ or /, of at most 1024 bytes, without control characters and empty, . or .. segments';

/** What a client says a config is. */
export interface GivenConfig {
  readonly git: Git | undefined;
  /** Each path once. */
  readonly files: readonly string[];
}

/**
 * A config as it is sent; in a PUT `id` is the path's. Throws `InvalidInputError` (codes `files_invalid`, `git_invalid`,
 * `id_invalid`).
 */
export function readConfig(body: JsonObject, id?: string): GivenConfig {
  if (id !== undefined && body.id !== undefined && body.id !== id) {
    throw new InvalidInputError('id: expected the one of the path, or none', { code: 'id_invalid' });
  }
  return { git: readGit(body.git), files: readPaths(body.files) };
}

function readPaths(given: unknown): string[] {
  if (!Array.isArray(given) || given.length > MAX_FILES) refuse('files', `a list of at most ${MAX_FILES} paths`);
  const wrong = given.findIndex(path => !isFilePath(path));
  if (wrong >= 0) refuse(`files[${wrong}]`, EXPECTED_PATH);
  return [...new Set<string>(given)];
}

/**
 * Refuses a path that cannot be percent-decoded: its parameters are as they were sent, which nobody meant. Throws
 * `InvalidInputError` (code `path_invalid`).
 */
export function checkEncoding(ctx: Context): void {
  try {
    decodeURIComponent(ctx.path);
  } catch (cause) {
    throw new InvalidInputError('the path is not percent-encoded UTF-8', { code: 'path_invalid', cause });
  }
}

function refuse(field: string, expected: string): never {
  throw new InvalidInputError(`${field}: expected ${expected}`, { code: 'files_invalid' });
}
