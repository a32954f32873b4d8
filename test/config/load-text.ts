import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError, type LoadedConfig, loadConfig } from '../../src/config/load.ts';

/** An empty folder that is gone after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Loads `text` as store.cfg of an empty folder. */
export async function loadText(
  text: string | Uint8Array,
  environment: Record<string, string> = {},
): Promise<LoadedConfig> {
  const directory = await emptyFolder();
  await writeFile(join(directory, 'store.cfg'), text);
  return loadConfig({ environment, directory });
}

/** Loads the environment alone. */
export async function loadEnvironment(environment: Record<string, string>): Promise<LoadedConfig> {
  return loadConfig({ environment, directory: await emptyFolder() });
}

/** The problems of a configuration that must not load. */
export async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.then(
    () => new Error('it loaded without a problem'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError) return error.problems;
  throw error;
}
