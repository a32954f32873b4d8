import type { Session } from '../core/access/sessions.ts';
import type { Api, WebSettings } from './deps.ts';

/** A link of the navigation. `label` is a message. */
export interface NavigationLink {
  readonly href: string;
  readonly label: string;
  readonly current: boolean;
}

interface Place {
  readonly href: string;
  readonly label: string;
  /** Shown only where the server speaks it. */
  readonly api?: Api;
  /** Pages below it that lie elsewhere. */
  readonly also?: readonly string[];
}

const STRANGER: readonly Place[] = [
  { href: '/docs', label: 'nav.docs' },
  { href: '/login', label: 'nav.login' },
];

const USER: readonly Place[] = [
  { href: '/dashboard', label: 'nav.dashboard' },
  { href: '/data', label: 'nav.data', api: 'keybin' },
  { href: '/punches', label: 'nav.punches', api: 'punch' },
  { href: '/dotfiles', label: 'nav.dotfiles', api: 'dotsync' },
  { href: '/events', label: 'nav.events', api: 'simple-sync' },
  { href: '/tokens', label: 'nav.tokens' },
  { href: '/account', label: 'nav.account' },
  { href: '/docs', label: 'nav.docs' },
];

const ADMIN: readonly Place[] = [
  { href: '/admin/dashboard', label: 'nav.dashboard' },
  { href: '/admin/users', label: 'nav.users', also: ['/admin/user/', '/admin/create-user'] },
  { href: '/admin/devices', label: 'nav.devices', api: 'verstak', also: ['/admin/device/'] },
  { href: '/admin/vaults', label: 'nav.vaults', api: 'verstak', also: ['/admin/vault/'] },
  { href: '/admin/members', label: 'nav.members', api: 'simple-sync' },
  { href: '/admin/acl', label: 'nav.acl', api: 'simple-sync' },
  { href: '/admin/storage', label: 'nav.storage' },
  { href: '/admin/lockouts', label: 'nav.lockouts' },
  { href: '/admin/audit', label: 'nav.audit' },
  { href: '/admin/settings', label: 'nav.settings' },
  { href: '/admin/diagnostics', label: 'nav.diagnostics' },
];

/** Where somebody can go from a page. */
export function navigation(
  path: string,
  session: Session | undefined,
  { speaks }: Pick<WebSettings, 'speaks'>,
): NavigationLink[] {
  const places = session === undefined ? STRANGER : session.doc.scope === 'admin' ? ADMIN : USER;
  return places
    .filter(({ api }) => api === undefined || speaks(api))
    .map(({ href, label, also }) => ({
      href,
      label,
      current: path === href || path.startsWith(`${href}/`) || also?.includes(path) === true,
    }));
}
