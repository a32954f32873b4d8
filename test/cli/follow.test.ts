import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { can, forEachEngine } from '../support/engines.ts';
import { eventually } from '../support/process.ts';
import { atServer, type Person } from './at-server.ts';
import { startKeybin } from './keybin.ts';

forEachEngine('following on the command line', engine => {
  const at = atServer(engine);
  const options = ({ folder, environment }: Person) => ({ cwd: folder, environment });

  it('tells each change once, however often it is stopped', async () => {
    const ann = await at.account();
    const put = async (key: string) =>
      void (await ann.request('PUT', `/v2/kv/${key}`, 'x', { 'Content-Type': 'text/plain' }));
    const args = ['watch', 'w/', '--state', 'state', '--json'];
    if (!can(engine, 'transactions')) {
      return expect(await ann.run(args)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^keybin: [^\n]+\n$/),
      });
    }
    const position = () => readFile(join(ann.folder, 'state'), 'utf8').catch(() => '');
    const seen: string[] = [];
    /** Follows until so many changes were told, and is then stopped. */
    async function follow(keys: readonly string[], lines: number, signal: NodeJS.Signals): Promise<number | null> {
      const watch = startKeybin(args, options(ann));
      const before = await eventually(position, text => text !== '');
      for (const key of keys) await put(key);
      await eventually(
        async () => watch.stdout().split('\n').length - 1,
        found => found === lines,
      );
      // Killed by force before it has noted that, it would tell the last one again.
      if (signal === 'SIGKILL') await eventually(position, text => text !== before);
      watch.child.kill(signal);
      const { code, stdout, stderr } = await watch.ended;
      if (code !== null) expect(stderr).toBe('keybin: stopped; the same command goes on from here\n');
      for (const line of stdout.trim().split('\n')) seen.push(JSON.parse(line).key);
      return code;
    }
    expect(await follow(['w/1', 'elsewhere', 'w/2', 'w/3'], 3, 'SIGTERM')).toBe(130);
    await put('w/4');
    expect(await follow([], 1, 'SIGKILL')).toBe(null);
    await put('w/5');
    expect(await follow(['w/6'], 2, 'SIGINT')).toBe(130);
    expect(seen).toEqual(['w/1', 'w/2', 'w/3', 'w/4', 'w/5', 'w/6']);
  });

  it('runs a command while nobody else holds the lock, and ends as it does', async () => {
    const ann = await at.account();
    const ran = await ann.shell(
      `keybin lock l -- bash -c "$(declare -f keybin); keybin lock l -- true; echo \\$?; exit 7"`,
    );
    expect(ran).toMatchObject({
      code: 7,
      stdout: '3\n',
      stderr: expect.stringMatching(/^keybin: l is held by .*--wait 1m/),
    });
    expect(await ann.done('ls')).toBe('');
    expect(await ann.run(['lock', 'l', '--', 'no-such-command'])).toMatchObject({ code: 127 });
    const held = startKeybin(
      ['lock', 'l', '--ttl', '1s', '--', 'sh', '-c', 'trap "exit 5" TERM; echo on; while :; do sleep 0.1; done'],
      options(ann),
    );
    await eventually(
      async () => held.stdout(),
      text => text === 'on\n',
    );
    await ann.request('DELETE', '/v2/kv/l');
    expect(await held.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('the lock l was lost') });
  });
});
