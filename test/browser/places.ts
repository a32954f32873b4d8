/** Every page, and who looks at it. */
export interface Place {
  /** Name of its picture. */
  readonly name: string;
  readonly path: string;
  readonly who: 'stranger' | 'ann' | 'root';
  /** The page is behind the first link of this kind on the one at `path`. */
  readonly link?: string;
}

const stranger = [
  '/',
  '/login',
  '/register',
  '/forgot',
  '/forgot/sent',
  '/docs/start',
  '/docs/keybin',
  '/docs/api',
  '/nowhere',
  '/admin/login',
];
const ann = [
  '/dashboard',
  '/data',
  '/data?prefix=greenhouse.',
  '/data/entry?key=greenhouse.temperature',
  '/data/edit?key=todo.today',
  '/data/new',
  '/data/upload',
  '/data/delete?key=greeting',
  '/tokens',
  '/tokens/revoke-all',
  '/account',
  '/account/delete',
  '/punches',
  '/punches?view=month',
  '/punches/new',
  '/dotfiles',
  '/events',
];
const root = [
  '/admin/dashboard',
  '/admin/users',
  '/admin/create-user',
  '/admin/devices',
  '/admin/vaults',
  '/admin/members',
  '/admin/members/new',
  '/admin/acl',
  '/admin/acl/1',
  '/admin/storage',
  '/admin/lockouts',
  '/admin/audit',
  '/admin/settings',
  '/admin/diagnostics',
];

const place = (who: Place['who']) => (path: string) => ({
  name: path.replace(/[^\w]+/g, '-').replace(/^-|-$/g, '') || 'start',
  path,
  who,
});

/** Pages of one thing of a list. */
const single: readonly Place[] = [
  { name: 'punch', path: '/punches', who: 'ann', link: 'main table a[href^="/punches/"]' },
  { name: 'dotfile', path: '/dotfiles', who: 'ann', link: 'main table a' },
  { name: 'event', path: '/events', who: 'ann', link: 'main table a' },
  { name: 'tokens-revoke', path: '/tokens', who: 'ann', link: 'a[href*="kind=device"]' },
  { name: 'admin-user', path: '/admin/users', who: 'root', link: 'a[href*="/admin/user/"]' },
  { name: 'admin-device', path: '/admin/devices', who: 'root', link: 'a[href*="/admin/device/"]' },
  { name: 'admin-vault', path: '/admin/vaults', who: 'root', link: 'a[href*="/admin/vault/"]' },
  { name: 'admin-member', path: '/admin/members', who: 'root', link: 'main table a' },
];

export const places: readonly Place[] = [
  ...stranger.map(place('stranger')),
  ...ann.map(place('ann')),
  ...root.map(place('root')),
  ...single,
];
