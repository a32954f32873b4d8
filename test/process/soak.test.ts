import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('in a short soak nothing acknowledged is lost, and every answer is one that is meant', async () => {
  const args = ['bench/soak/run.js', '--minutes', '0.2', '--cost', '5'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT }).catch(error => error);
  expect(stdout).toMatch(/\nNothing went wrong\.\n/);
  expect(stdout).toMatch(/\| Acknowledged writes \| [1-9]/);
  expect(stdout).toMatch(/\| Lost \| 0 \|/);
  expect(stdout).toMatch(/\| `kill -9` and start \| [1-9]/);
}, 180_000);
