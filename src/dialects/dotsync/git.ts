import { InvalidInputError } from '../../base/errors.ts';

/** The git repository that files belong to: only kept for the clients, the server never looks at it. */
export interface Git {
  readonly https: string | null;
  readonly ssh: string | null;
  readonly branch: string;
  /** Path of a key or password file on the user's machine. */
  readonly credentials: string | null;
}

const URL_CHARACTERS = 2048;
const PATH_CHARACTERS = 1024;

const BLANK_OR_CONTROL = /[\s\p{Cc}]/u;
const CONTROL = /\p{Cc}/u;
const BRANCH = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/;

/** Neither may begin with `-`: git would hand it to ssh, which would take it for an option. */
const USER = '[^\\s:/@\\\\-][^\\s:/@\\\\]*';
const HOST = '(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s:/@[\\\\-][^\\s:/@\\\\]*)';

const HTTPS = /^https:\/\/[^/?#@\\]+(?:[/?#]|$)/;
const SSH_URL = new RegExp(`^ssh://(?:${USER}@)?${HOST}(?::[0-9]{1,5})?/.`);
const SSH_SHORT = new RegExp(`^${USER}@${HOST}:.`);

/** The member `git` of a config; undefined when there is none. Throws `InvalidInputError` (code `git_invalid`). */
export function readGit(given: unknown): Git | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'object' || Array.isArray(given)) refuse('git', 'an object or null');
  const { https, ssh, branch, credentials } = given as Record<string, unknown>;
  const git = {
    https: readText('git.https', https, isHttps, 'an https:// address without user and password'),
    ssh: readText('git.ssh', ssh, isSsh, 'user@host:path or ssh://user@host/path, without a password'),
    branch: readText('git.branch', branch, isBranch, 'a branch of letters, digits, . _ / -') ?? 'main',
    credentials: readText('git.credentials', credentials, isCredentials, 'the path of a file'),
  };
  if ((git.https === null) === (git.ssh === null)) refuse('git', 'exactly one of https and ssh');
  return git;
}

function readText(field: string, value: unknown, fits: (text: string) => boolean, expected: string): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' && value.isWellFormed() && fits(value) ? value : refuse(field, expected);
}

function isHttps(text: string): boolean {
  return isAddress(text) && HTTPS.test(text) && URL.canParse(text);
}

function isSsh(text: string): boolean {
  return isAddress(text) && (SSH_SHORT.test(text) || (SSH_URL.test(text) && URL.canParse(text)));
}

function isAddress(text: string): boolean {
  return !isLonger(text, URL_CHARACTERS) && !BLANK_OR_CONTROL.test(text);
}

function isBranch(text: string): boolean {
  return BRANCH.test(text) && !text.includes('..');
}

/** No line breaks: a key itself, pasted by mistake, is not stored. */
function isCredentials(text: string): boolean {
  return text !== '' && !isLonger(text, PATH_CHARACTERS) && !CONTROL.test(text);
}

function isLonger(text: string, characters: number): boolean {
  // A character takes one or two units: what is far too long is not counted.
  return text.length > 2 * characters || (text.length > characters && [...text].length > characters);
}

function refuse(field: string, expected: string): never {
  throw new InvalidInputError(`${field}: expected ${expected}`, { code: 'git_invalid' });
}
