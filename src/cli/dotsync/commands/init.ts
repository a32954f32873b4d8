import { hostname } from 'node:os';
import type { Command } from 'commander';
import { askLine, canAsk } from '../../../terminal/ask.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { accountName, PASSWORD_STDIN, passwordOf } from '../../account/password.ts';
import { warnOfPlain } from '../../account/sign-in.ts';
import { define, type Making } from '../../command.ts';
import { type Context, unlessStopped } from '../../context.ts';
import { Failure, misused } from '../../failure.ts';
import { say } from '../../output.ts';
import { makeToken, newClient } from '../../server/client.ts';
import { addressOf, checkUrl } from '../../session.ts';
import { atWork, failing, TOKEN_LIFE } from '../desk.ts';
import { nodeDisk } from '../engine/node-disk.ts';
import { remoteOf, type SyncConfig } from '../engine/remote.ts';
import { machineName, readSettings, type Settings, type Taken, writeSettings } from '../home/config.ts';
import { folderOf } from '../home/folder.ts';

interface Options {
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly machine?: string;
  readonly take?: readonly string[];
  readonly new?: string;
  readonly yes?: boolean;
}

/** `keybin dotsync init`. */
export function init(context: Context, making: Making): Command {
  return define(
    'init',
    'Has this machine take part: signs in with a token of its own, which opens nothing but syncing, and chooses which configs of the account it shares. Run again, it signs in anew and keeps the rest.',
    [
      ['signs in, and takes part in what the account has', 'dotsync init https://keybin.example.com --user ann'],
      ['one more list of files, for some machines only', 'dotsync init --new work'],
    ],
    making,
  )
    .argument('[url]', 'the address of the server; that of keybin login without it')
    .option('-u, --user <name>', 'the account')
    .option(...PASSWORD_STDIN)
    .option('--machine <name>', 'the name of this machine, part of the names of copies; that of the host without it')
    .option('--take <config...>', 'configs to take part in, by id or the beginning of one; all without it')
    .option('--new <name>', 'makes a config, which is called so on this machine')
    .option('-y, --yes', 'leaves the server that this machine is set up for')
    .action(failing((url: string | undefined, options: Options) => run(context, url, options)));
}

async function run(context: Context, given: string | undefined, options: Options): Promise<void> {
  const folder = folderOf(context.environment);
  const before = readSettings(nodeDisk, folder.config);
  const machine = options.machine ?? before?.machine ?? machineName(hostname());
  if (machine !== machineName(machine)) throw misused(`${machine}: expected letters, digits, _ and - for a machine`);
  const url = given === undefined ? (before?.url ?? (await addressOf(context, undefined, {}))) : checkUrl(given);
  const same = before?.url === url ? before : undefined;
  if (before !== undefined && same === undefined && !options.yes) {
    throw misused(`this machine is set up for ${before.url}; add --yes to leave it, which changes no file`);
  }
  const signedIn = await signIn(context, url, machine, same, options);
  const request = newClient({ url, token: signedIn.token });
  const remote = remoteOf((method, path, more) => request.request(method, path, { signal: context.signal, ...more }));
  const found = await remote.configs(context.signal);
  const taken = await choose(context, found, same?.configs ?? [], options);
  if (options.new !== undefined) taken.push({ id: await remote.create(), name: freeName(options.new, taken) });
  else if (found.length === 0) taken.push({ id: await remote.create(), name: 'default' });
  if (taken.length === 0) throw new Failure(EXIT.absent, 'no config was chosen; nothing was changed');
  await atWork(folder, context.signal, async () => {
    writeSettings(nodeDisk, folder.config, { ...signedIn, machine, configs: taken, allowed: same?.allowed ?? [] });
  });
  if (same !== undefined && same.token !== signedIn.token) await forget(same);
  const files = found
    .filter(({ id }) => taken.some(config => config.id === id))
    .reduce((sum, { files: all }) => sum + all.length, 0);
  await say(
    context,
    `${machine} takes part as ${signedIn.account} at ${url}: ${taken.map(({ name }) => name).join(', ')} (${files} ${files === 1 ? 'file' : 'files'})`,
  );
  await say(
    context,
    files > 0
      ? 'Next: keybin dotsync sync --dry-run, then keybin dotsync sync'
      : 'Next: keybin dotsync add FILE…, then keybin dotsync sync',
  );
}

type SignedIn = Pick<Settings, 'url' | 'account' | 'token' | 'token_id' | 'expires_at'>;

/** Signs in; another config needs no other token. */
async function signIn(
  context: Context,
  url: string,
  machine: string,
  same: Settings | undefined,
  options: Options,
): Promise<SignedIn> {
  if (same !== undefined && options.new !== undefined && options.user === undefined) return same;
  await warnOfPlain(context, url);
  const account = await accountName(context, options.user, same?.account);
  const password = await passwordOf(context, options);
  const token = await makeToken(url, {
    username: account,
    password,
    name: `dotsync@${machine}`,
    scopes: ['sync'],
    ttl: TOKEN_LIFE,
    signal: context.signal,
  });
  return { url, account, token: token.token, token_id: token.id, expires_at: token.expiresAt.toISOString() };
}

/** Which configs of the account this machine takes part in. */
async function choose(
  context: Context,
  found: readonly SyncConfig[],
  before: readonly Taken[],
  options: Options,
): Promise<Taken[]> {
  if (options.new !== undefined && options.take === undefined)
    return before.filter(({ id }) => found.some(config => config.id === id));
  const names: Taken[] = [];
  const name = (id: string) =>
    before.find(config => config.id === id)?.name ?? freeName(names.length === 0 ? 'default' : id.slice(0, 8), names);
  let wanted = options.take;
  if (wanted === undefined && found.length > 1 && canAsk()) {
    for (const [i, { id, files }] of found.entries())
      await say(context, `${i + 1}  ${id.slice(0, 8)}  ${summary(files)}`);
    const answer = await unlessStopped(context.signal, askLine('Which ones, such as 1 3 [all]: '));
    wanted = answer
      ?.split(/[\s,]+/)
      .flatMap(number => found[Number(number) - 1]?.id ?? (number === '' ? [] : [number]));
    if (wanted?.length === 0) wanted = undefined;
  }
  for (const choice of wanted ?? []) {
    if (found.filter(({ id }) => id.startsWith(choice)).length !== 1) {
      throw new Failure(
        EXIT.absent,
        `${choice}: the account has ${found.map(({ id }) => id.slice(0, 8)).join(', ') || 'no config'}`,
      );
    }
  }
  for (const { id } of found) {
    if (wanted === undefined || wanted.some(choice => id.startsWith(choice))) names.push({ id, name: name(id) });
  }
  return names;
}

function summary(files: readonly string[]): string {
  const some = files.slice(0, 3).join(' ');
  return files.length > 3 ? `${some} and ${files.length - 3} more` : some || 'no files yet';
}

function freeName(wanted: string, taken: readonly Taken[]): string {
  return taken.some(({ name }) => name === wanted) ? freeName(`${wanted}-2`, taken) : wanted;
}

/** Revokes the token that was replaced, if the server is there: it ends by itself otherwise. */
async function forget({ url, token }: Settings): Promise<void> {
  const client = newClient({ url, token, retries: 0 });
  await client.tokens.revoke('self').catch(() => {});
}
