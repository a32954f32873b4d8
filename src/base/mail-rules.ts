/** The rules for what the configuration and admins say about mail. */

import { isIP } from 'node:net';
import { emailOf } from './email.ts';
import { InvalidInputError } from './errors.ts';

/** An address, alone or in angle brackets behind a name; the name may be in quotes. */
const MAILBOX = /^(?:(?:"[^"\\\p{Cc}]*" *|[^"\\<>()[\],;:@\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u;

/** Whether it is exactly one mailbox: `name@host` or `Name <name@host>`. */
export function isMailbox(text: string): boolean {
  const [, bracketed, bare] = MAILBOX.exec(text) ?? [];
  const address = bracketed ?? bare ?? '';
  return address === address.trim() && emailOf(address) !== undefined;
}

/** Where people reach the server, in one way of writing it and without a slash at its end; undefined when it cannot be that. */
export function parsePublicUrl(text: string): string | undefined {
  if (publicUrlHint(text) !== undefined) return undefined;
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, '');
}

/** What is wrong with such a URL, and what to write; undefined when nothing is. */
export function publicUrlHint(text: string): string | undefined {
  const [, scheme] = /^([A-Za-z][\w+.-]*):\/\//.exec(text) ?? [];
  if (scheme === undefined) {
    const whole = `https://${text.replace(/^\/+/, '')}`;
    return publicUrlHint(whole) === undefined ? `write \`${whole}\`` : 'it does not begin with `http://` or `https://`';
  }
  if (!/^https?$/i.test(scheme)) return `\`${scheme}://\` does not lead to this server`;
  if (/[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text)) return 'it is not a URL';
  const { username, password } = new URL(text);
  if (username !== '' || password !== '') return 'take user and password out: every mail would show them';
  if (!/^(\/[\w.~!$&'()*+,=:@%-]+)*\/*$/.test(new URL(text).pathname)) {
    return "its path may hold letters, digits, `%` and `- . _ ~ ! $ & ' ( ) * + , = : @` between single `/`";
  }
  return /[?#]/.test(text) ? 'take `?` or `#` out, and what stands behind it: paths are put at its end' : undefined;
}

/** Fields of an SMTP server that somebody gave. */
interface Given {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly security?: string | undefined;
  readonly from?: string | undefined;
  readonly server_url?: string | undefined;
}

/**
 * Checks what is given and not empty. `nameOf` gives the names that whoever gave it knows the fields by. Throws
 * `InvalidInputError` (code `mail_settings_invalid`).
 */
export function checkMailSettings(
  { host, port, user, password, security, from, server_url }: Given,
  nameOf: (field: keyof Given) => string = field => field,
): void {
  const demand = (field: keyof Given, fits: boolean, expected: string) => {
    if (fits) return;
    throw new InvalidInputError(`${nameOf(field)}: expected ${expected}`, { code: 'mail_settings_invalid' });
  };
  demand('host', !host || isHost(host), 'a host name or an IP address, without a port');
  demand('port', port === undefined || isPort(port), 'an integer from 1 to 65535');
  demand('user', !user || isLogin(user, 320), 'at most 320 bytes without control characters');
  demand('password', !password || isLogin(password, 1024), 'at most 1024 bytes without control characters');
  demand('security', !security || ['none', 'starttls', 'tls'].includes(security), 'none, starttls or tls');
  demand('from', !from || isMailbox(from), 'one mailbox, `name@host` or `Name <name@host>`');
  const url = server_url ?? '';
  const hint = url === '' ? undefined : publicUrlHint(url);
  demand('server_url', hint === undefined, `a URL that begins with http:// or https://; ${hint}`);
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[^\s\p{Cc}:/@?#[\]\\]{1,253}$/u.test(text);
}

/** 0 stands for a port that was not given. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port < 65_536;
}

function isLogin(text: string, maxBytes: number): boolean {
  return Buffer.byteLength(text) <= maxBytes && text.isWellFormed() && !/\p{Cc}/u.test(text);
}
