import { existsSync } from 'node:fs';
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { eventually } from '../support/process.ts';
import { atServer, type Person } from './at-server.ts';
import { startKeybin } from './keybin.ts';

forEachEngine('moving values on the command line', engine => {
  const at = atServer(engine);
  const file = 'all.ndjson';
  const options = ({ folder, environment }: Person) => ({ cwd: folder, environment });
  const read = ({ folder }: Person) => readFile(join(folder, file), 'utf8');

  /** The values of an export, without what each store gives anew. */
  async function values(person: Person): Promise<object[]> {
    const items = (await read(person))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    return items.filter(({ key }) => key).map(({ etag, updated_at, ...rest }) => rest);
  }

  /** Pages of a list end at 4 MiB: these are several. */
  async function fill(person: Person): Promise<void> {
    const long = 'ä\u2028'.repeat(450_000);
    for (const key of ['a/1', 'a/2', 'a/3']) await person.request('PUT', `/v2/kv/${key}`, long);
    const Meta = { 'Content-Type': 'image/png', 'Keybin-Meta-From': 'ann' };
    await person.request('PUT', '/v2/kv/b?ttl=3600', '\u0000', Meta);
  }

  it('goes on with an export that broke off, and with an import', async () => {
    const [ann, ben] = [await at.account(), await at.account()];
    await fill(ann);
    await ann.done('export', '-o', file);
    const whole = await read(ann);
    // As whoever was killed leaves it: in the middle of a line, behind a mark.
    await truncate(join(ann.folder, file), Math.round(Buffer.byteLength(whole) * 0.7));
    expect((await ann.run(['import', file])).stderr).toMatch(
      /^keybin: all.ndjson is not whole; go on with keybin export -o/,
    );
    const resumed = await ann.run(['export', '-o', file]);
    expect(resumed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^going on behind [1-3] values\nexported 4 values\n$/),
    });
    expect(await read(ann)).toBe(whole);
    expect((await ann.run(['export', '-o', file])).stderr).toContain('is a whole export already');

    const environment = { ...ben.environment };
    const path = join(ann.folder, file);
    expect(JSON.parse((await ann.run(['import', path, '--dry-run', '--json'], { environment })).stdout)).toMatchObject({
      stored: 4,
    });
    const broken = startKeybin(['import', path], options(ben));
    await Promise.race([
      broken.ended,
      eventually(
        async () => existsSync(`${path}.import`),
        found => found,
      ),
    ]);
    broken.child.kill('SIGKILL');
    await broken.ended;
    const again = await ben.run(['import', path, '--json']);
    const counts = JSON.parse(again.stdout);
    expect(counts.read).toBe(4);
    expect(counts.stored + counts.kept).toBe(4);
    expect(existsSync(`${path}.import`)).toBe(false);
    await ben.done('export', '-o', file);
    const [left, right] = [await values(ann), await values(ben)];
    const times = (all: object[]) =>
      all.map(({ expires_at, ...rest }: { expires_at?: string }) => ({ ...rest, ends: typeof expires_at }));
    expect(times(right)).toEqual(times(left));
  });

  it('stops at Ctrl-C, and says how to go on', async () => {
    const ann = await at.account();
    await fill(ann);
    const running = startKeybin(['export', '-o', file], options(ann));
    await eventually(
      async () => existsSync(join(ann.folder, file)),
      found => found,
    );
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    // It may have been faster.
    if (code !== 0) expect(stderr).toBe('keybin: interrupted, and not whole; the same command goes on\n');
    if (code !== 0) expect(code).toBe(130);
    expect(
      (await ann.shell(`${code === 0 ? 'true' : `keybin export -o ${file}`}; keybin export -o /dev/full`)).code,
    ).toBe(1);
    expect((await values(ann)).length).toBe(4);
  });
});
