import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { preview } from '../../../src/cli/dotsync/engine/preview.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { type Home, newHome, newOwner } from './home.ts';

forEachEngine('rounds of dotsync', engine => {
  const served = sharedServer(engine);

  async function two(...files: string[]): Promise<[Home, Home]> {
    const owner = await newOwner(served, ...files);
    return [await newHome(owner, 'one'), await newHome(owner, 'two')];
  }

  async function standing(home: Home): Promise<string[]> {
    const found = [];
    for await (const { what, why, path } of preview(home.options(), () => {}))
      found.push(`${what} ${path} ${why}`.trim());
    return found;
  }

  it('what one machine writes, the other one gets, with its mode; empty, binary and oddly named files too', async () => {
    const files = { '~/.vimrc': 'set number\n', '~/.empty': '', '~/bin/ünï cödé': 'echo\n' };
    const bytes = randomBytes(5000);
    const [one, two_] = await two(...Object.keys(files), '~/.binary');
    for (const [path, content] of Object.entries(files)) one.write(path, content, 0o644);
    one.write('~/bin/ünï cödé', 'echo\n', 0o755);
    one.write('~/.binary', bytes, 0o600);
    expect(await one.sync()).toHaveLength(4);
    expect(await two_.sync()).toEqual(
      ['~/.vimrc', '~/.empty', '~/bin/ünï cödé', '~/.binary'].map(path => `received ${path}`),
    );
    for (const [path, content] of Object.entries(files)) expect(two_.read(path)).toBe(content);
    expect(readFileSync(two_.at('~/.binary')).equals(bytes)).toBe(true);
    expect([two_.mode('~/.vimrc'), two_.mode('~/bin/ünï cödé'), two_.mode('~/.binary'), two_.mode('~/bin')]).toEqual([
      '644',
      '755',
      '600',
      '700',
    ]);
    expect([await one.sync(), await two_.sync()]).toEqual([[], []]);
    expect(two_.files()).toEqual(one.files());
  });

  it('a file changed on both sides stays, and the copy of the server lies beside it until somebody takes it away', async () => {
    const [one, two_] = await two('~/.vimrc');
    one.write('~/.vimrc', 'one');
    two_.write('~/.vimrc', 'two');
    await one.sync();
    expect(await standing(two_)).toEqual(['conflict ~/.vimrc differs, and was never synced here']);
    expect(await two_.sync()).toEqual(['conflict ~/.vimrc']);
    expect([two_.read('~/.vimrc'), two_.read('~/.vimrc.dotsync-two')]).toEqual(['two', 'one']);
    two_.write('~/.vimrc', 'two, later');
    expect(await two_.sync()).toEqual(['conflict ~/.vimrc']);
    expect(await standing(two_)).toEqual(['conflict ~/.vimrc changed here and on another machine']);
    // The copy follows the server as long as nobody has touched it.
    one.write('~/.vimrc', 'one, later');
    await one.sync();
    await two_.sync();
    expect(two_.read('~/.vimrc.dotsync-two')).toBe('one, later');
    two_.write('~/.vimrc.dotsync-two', 'one, and my notes');
    one.write('~/.vimrc', 'one, at last');
    await one.sync();
    await two_.sync();
    expect(two_.files()).toEqual(['.vimrc', '.vimrc.dotsync-two', '.vimrc.dotsync-two-2']);
    expect(two_.read('~/.vimrc.dotsync-two')).toBe('one, and my notes');
    two_.write('~/.vimrc', 'both');
    two_.remove('~/.vimrc.dotsync-two');
    expect(await two_.sync()).toEqual(['conflict ~/.vimrc']);
    two_.remove('~/.vimrc.dotsync-two-2');
    expect(await two_.sync()).toEqual(['sent ~/.vimrc']);
    expect([await one.sync(), one.read('~/.vimrc')]).toEqual([['received ~/.vimrc'], 'both']);
  });

  it('a conflict is over when the file says what the server has', async () => {
    const [one, two_] = await two('~/.vimrc');
    one.write('~/.vimrc', 'one');
    two_.write('~/.vimrc', 'two');
    await one.sync();
    await two_.sync();
    two_.write('~/.vimrc', 'one');
    expect([await two_.sync(), two_.files()]).toEqual([[], ['.vimrc']]);
    two_.write('~/.vimrc', 'two again');
    expect(await two_.sync()).toEqual(['sent ~/.vimrc']);
  });

  it('modes travel by themselves; a machine that never synced a file does not know better', async () => {
    const [one, two_] = await two('~/.run');
    one.write('~/.run', 'x', 0o600);
    two_.write('~/.run', 'x', 0o644);
    await one.sync();
    expect([await two_.sync(), two_.mode('~/.run')]).toEqual([['received ~/.run'], '600']);
    one.write('~/.run', 'x', 0o700);
    expect(await one.sync()).toEqual(['sent ~/.run']);
    expect(await standing(two_)).toEqual(['to receive ~/.run the mode became 0700 on another machine']);
    expect([await two_.sync(), two_.mode('~/.run')]).toEqual([['received ~/.run'], '700']);
    two_.write('~/.run', 'y');
    one.write('~/.run', 'x', 0o755);
    await one.sync();
    await two_.sync();
    expect(two_.mode('~/.run')).toBe('755');
    await one.sync();
    expect([one.read('~/.run'), one.mode('~/.run'), await two_.sync(), await one.sync()]).toEqual(['y', '755', [], []]);
  });

  it('a deleted file is received again; one that is watched no longer stays', async () => {
    const [one, two_] = await two('~/.a', '~/.b');
    one.write('~/.a', 'a');
    one.write('~/.b', 'b');
    await one.sync();
    await two_.sync();
    two_.remove('~/.a');
    expect(await standing(two_)).toEqual(['to receive ~/.a deleted here', 'same ~/.b']);
    expect([await two_.sync(), two_.read('~/.a')]).toEqual([['received ~/.a'], 'a']);
    await one.owner.track('~/.a');
    expect([await one.sync(), one.read('~/.b'), await one.sync()]).toEqual([['gone ~/.b'], 'b', []]);
    // Listed again, the first machine that has it sends it.
    two_.write('~/.b', 'b of two');
    await one.owner.track('~/.a', '~/.b');
    expect([await one.sync(), await two_.sync()]).toEqual([['sent ~/.b'], ['sent ~/.b']]);
  });

  it('links are followed inside home, and what is no file is left alone and named', async () => {
    const names = [
      '~/.link',
      '~/.out',
      '~/.loop',
      '~/.nowhere',
      '~/.folder',
      '~/.large',
      '~/.dotsync/config',
      '~/.file/below',
      '~/k.pem',
      '/tmp/x',
    ];
    const [one, two_] = await two(...names);
    one.write('~/dots/vimrc', 'linked');
    symlinkSync('dots/vimrc', one.at('~/.link'));
    symlinkSync('/etc/hostname', one.at('~/.out'));
    symlinkSync('.loop', one.at('~/.loop'));
    symlinkSync('.missing', one.at('~/.nowhere'));
    mkdirSync(one.at('~/.folder'));
    one.write('~/.large', new Uint8Array(1_048_577));
    one.write('~/.file', 'a file');
    one.write('~/k.pem', 'a key');
    expect(await one.sync()).toEqual([
      'sent ~/.link',
      'skipped ~/.out is, or lies below, a link that leads elsewhere',
      'skipped ~/.loop is, or lies below, links in a circle',
      'skipped ~/.nowhere is a link that leads nowhere',
      'skipped ~/.folder is a folder here',
      'skipped ~/.large is larger than 1 MiB',
      'skipped ~/.dotsync/config belongs to dotsync itself',
      'skipped ~/.file/below lies below something that is no folder here',
      'skipped ~/k.pem looks like a secret: `keybin dotsync add --yes` with its name lets this machine take part',
      'skipped /tmp/x lies outside of the home folder: `keybin dotsync add --yes` with its name lets this machine take part',
    ]);
    two_.write('~/dots/vimrc', 'not mine');
    expect((await two_.sync()).slice(0, 2)).toEqual(['received ~/.link', expect.stringContaining('~/.dotsync/config')]);
    two_.write('~/.link', 'from two');
    two_.write('~/.folder', 'a file here');
    await two_.sync();
    await one.sync();
    expect([one.read('~/dots/vimrc'), readFileSync(join(one.folder, '.link'), 'utf8')]).toEqual([
      'from two',
      'from two',
    ]);
    one.allowed = ['~/k.pem'];
    expect(await one.sync()).toContain('sent ~/k.pem');
    expect(two_.files()).not.toContain('k.pem');
  });
});
