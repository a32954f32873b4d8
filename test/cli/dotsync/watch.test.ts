import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { embedded } from '../../support/engines.ts';
import { eventually } from '../../support/process.ts';
import { sharedServer } from '../../support/served.ts';
import { KEYBIN, keybin } from '../keybin.ts';

describe('keybin dotsync watch', () => {
  const served = sharedServer(embedded);

  it('sends what changes and is one for each home, also after it was killed', async () => {
    await served.server.request('POST', '/register', { username: 'wanda', password: 's3cret' });
    const home = await mkdtemp(join(tmpdir(), 'keybin-watch-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const options = { environment: { HOME: home }, cwd: home };
    const run = (...args: string[]) => keybin(['dotsync', ...args], options);
    await keybin(['dotsync', 'init', served.server.url, '--user', 'wanda', '--password-stdin'], {
      ...options,
      input: 's3cret',
    });
    writeFileSync(join(home, '.vimrc'), 'one\n');
    await run('add', '.vimrc');
    const start = async (): Promise<{ child: ChildProcess; said: () => string }> => {
      const child = spawn(process.execPath, [KEYBIN, 'dotsync', 'watch'], {
        env: { PATH: process.env.PATH, HOME: home },
        cwd: home,
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let said = '';
      for (const output of [child.stdout, child.stderr]) {
        output.setEncoding('utf8').on('data', text => {
          said += text;
        });
      }
      await eventually(
        async () => said,
        text => text.includes('watching'),
      );
      return { child, said: () => said };
    };
    const first = await start();
    await eventually(
      async () => first.said(),
      text => text.includes('sent ~/.vimrc'),
    );
    const state = () => readFileSync(join(home, '.dotsync/state'), 'utf8').trimEnd().split('\n').length;
    await eventually(
      async () => first.said(),
      () => existsSync(join(home, '.dotsync/state')),
    );
    const before = state();
    // The watcher may not be up yet: as long as nothing has happened, somebody writes again.
    let count = 0;
    await eventually(
      async () => {
        if (state() === before && count++ % 20 === 0) writeFileSync(join(home, '.vimrc'), `edit ${count}\n`);
        return state();
      },
      lines => lines > before,
    );
    expect(await run('watch')).toMatchObject({ code: 1, stderr: expect.stringContaining('runs on this home already') });
    expect((await run('status')).code).toBe(0);
    const killed = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await killed;
    const second = await start();
    const ended = once(second.child, 'exit');
    second.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(readdirSync(join(home, '.dotsync/locks'))).toEqual([]);
  });
});
