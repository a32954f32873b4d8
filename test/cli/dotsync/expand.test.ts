import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { launchdAgent, systemdUnit } from '../../../src/cli/dotsync/daemon/units.ts';
import { absolute, expand } from '../../../src/cli/dotsync/files/expand.ts';

async function homeWith(files: Record<string, string>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'keybin-expand-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), content);
  }
  return home;
}

it('folders are expanded by the rules of .gitignore, of inner folders too', async () => {
  const home = await homeWith({
    'app/.gitignore': '*.log\n/cache/\nsecret*\n',
    'app/a.conf': '',
    'app/b.log': '',
    'app/cache/x': '',
    'app/deep/cache/y': '',
    'app/deep/.gitignore': '!keep.log\n',
    'app/deep/keep.log': '',
    'app/deep/other.log': '',
    'app/secrets/z': '',
    'app/.git/config': '',
    'app/a.conf.dotsync-desk': '',
    'app/.dotsync.tmp': '',
  });
  const { paths, left } = expand(home, join(home, '.dotsync'), [join(home, 'app')]);
  expect(paths).toEqual([
    '~/app/.gitignore',
    '~/app/a.conf',
    '~/app/deep/.gitignore',
    '~/app/deep/cache/y',
    '~/app/deep/keep.log',
  ]);
  expect(left).toEqual([]);
});

it('what cannot be watched is named with its reason, and secrets are told apart', async () => {
  const home = await homeWith({
    large: 'x'.repeat(1_048_577),
    'line\nbreak': '',
    '.ssh/id_rsa': '',
    '.ssh/id_rsa.pub': '',
    'tls.PEM': '',
    '.dotsync/config': '',
  });
  symlinkSync('nowhere', join(home, 'dangling'));
  symlinkSync('.ssh', join(home, 'folder'));
  const files = ['large', 'line\nbreak', '.ssh', 'tls.PEM', '.dotsync/config'].map(name => join(home, name));
  const { paths, guarded, left } = expand(home, join(home, '.dotsync'), files);
  expect(paths).toEqual(['~/.ssh/id_rsa', '~/.ssh/id_rsa.pub', '~/tls.PEM']);
  expect([...guarded.keys()]).toEqual(['~/.ssh/id_rsa', '~/tls.PEM']);
  expect(left.map(({ why }) => why)).toEqual([
    'is larger than 1 MiB',
    'has a line break or another control character in its name',
    'belongs to dotsync itself',
  ]);
  const whole = expand(home, join(home, '.dotsync'), [home]);
  expect(whole.left.map(({ path }) => path)).toEqual(['~/dangling', '~/folder', '~/large', '~/line\nbreak']);
  expect(() => expand(home, join(home, '.dotsync'), [join(home, 'none')])).toThrow('ENOENT');
});

it('a home that is behind a link is the same home', async () => {
  const home = await homeWith({ f: '' });
  symlinkSync(home, `${home}-link`);
  onTestFinished(() => rm(`${home}-link`));
  expect(absolute(`${home}-link`, home, 'f')).toBe(join(`${home}-link`, 'f'));
  expect(absolute(home, '/', '~/f')).toBe(join(home, 'f'));
});

it('units quote what their formats read', () => {
  const command = ['/opt/node js/node', '/home/a"nn/50%/$HOME/keybin', 'dotsync', 'watch'];
  expect(systemdUnit('/home/ann', undefined, command)).toMatchObject({
    file: '/home/ann/.config/systemd/user/keybin-dotsync.service',
    text: expect.stringContaining(
      'ExecStart="/opt/node js/node" "/home/a\\"nn/50%%/$$HOME/keybin" "dotsync" "watch"\n',
    ),
  });
  expect(systemdUnit('/home/ann', '/conf', command).file).toBe('/conf/systemd/user/keybin-dotsync.service');
  const { file, text } = launchdAgent('/Users/ann', ['/a&b/<node>', 'dotsync', 'watch']);
  expect(file).toBe('/Users/ann/Library/LaunchAgents/keybin.dotsync.plist');
  expect(text).toContain('<string>/a&amp;b/&lt;node&gt;</string>');
});
