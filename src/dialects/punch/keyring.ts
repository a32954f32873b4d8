import { findOrCreateAccount } from '../../core/accounts/accounts.ts';
import type { AccountDoc } from '../../core/collections.ts';
import type { Core } from '../../core/context.ts';
import { sha256Hex } from '../../core/ids.ts';
import { noteClient } from '../../core/plugins/tell.ts';

/** A key of the configuration. */
export interface PunchKey {
  /** The machine it is for. */
  readonly label: string;
  readonly username: string;
  readonly key: string;
}

/** What the Punch API takes from the configuration. */
export interface PunchSettings {
  readonly enabled: boolean;
  /** Another array each time the configuration was read. */
  readonly keys: readonly PunchKey[];
}

/** The keys in force. */
export interface Keyring {
  /** Finds or makes the accounts of the keys in force, unless that was done for them. */
  prepare(): Promise<void>;
  /** The id of the account that a key opens, whether or not it is there any more; `key` is a header as Node gives it. */
  accountIdOf(key: string): Promise<string | undefined>;
}

/** Digest of a key to the id of its account. */
type Bindings = ReadonlyMap<string, string>;

/**
 * Keys belong to accounts, not to names: one is bound once for each reading of the configuration. So a key whose account was
 * ended opens nothing, also when somebody else registers the name, until the operator starts or reloads the server.
 */
export function createKeyring(core: Core, settings: () => PunchSettings): Keyring {
  let bound: { readonly keys: readonly PunchKey[]; readonly bindings: Promise<Bindings> } | undefined;

  function bindings(): Promise<Bindings> {
    const { keys } = settings();
    if (bound?.keys === keys) return bound.bindings;
    const before = bound?.keys.length ?? 0;
    const next = { keys, bindings: bind(core, keys) };
    bound = next;
    next.bindings.then(
      found => {
        if (keys.length + before > 0) announce(core, keys, found);
      },
      () => {
        if (bound === next) bound = undefined; // the next one who asks tries again
      },
    );
    return next.bindings;
  }

  return {
    async prepare() {
      await bindings();
    },
    async accountIdOf(key) {
      const digest = sha256Hex(Buffer.from(key, 'latin1'));
      const found = (await bindings()).get(digest);
      if (found !== undefined) {
        noteClient(core, () => settings().keys.find(own => sha256Hex(own.key) === digest)?.label ?? '');
      }
      return found;
    },
  };
}

async function bind(core: Core, keys: readonly PunchKey[]): Promise<Bindings> {
  const accounts = new Map<string, AccountDoc>();
  const found = new Map<string, string>();
  for (const { username, key } of keys) {
    // Made without a password if there is none: so nobody can register the name and read its punches.
    const account = accounts.get(username) ?? (await findOrCreateAccount(core, { username }));
    accounts.set(username, account);
    found.set(sha256Hex(key), account.user_id);
  }
  for (const [username, account] of accounts) {
    const labels = keys.filter(key => key.username === username).map(({ label }) => label);
    if (account.password !== undefined) warnOfPassword(core, { username, account, labels });
  }
  return found;
}

/** Anybody may have registered the name before the operator gave it to machines. */
function warnOfPassword(
  { log }: Core,
  { username, account, labels }: { username: string; account: AccountDoc; labels: readonly string[] },
): void {
  const registered_at = account.created_at?.toISOString();
  const since = registered_at === undefined ? 'before this program kept the time' : `at ${registered_at}`;
  log.warn(
    { account: account.user_id, username, registered_at, labels },
    `[PUNCH_KEYS] ${labels.join(', ')}: the account ${JSON.stringify(username)} has a password, and whoever knows that reads and ` +
      `changes the same records. It was registered ${since}: if not by you or its owner, use another name in [PUNCH_KEYS]`,
  );
}

function announce({ log }: Core, keys: readonly PunchKey[], found: Bindings): void {
  const accounts = new Set(found.values()).size;
  const labels = keys.map(({ label }) => label);
  log.info({ labels }, `Punch keys: ${keys.length}, accounts: ${accounts}`);
}
