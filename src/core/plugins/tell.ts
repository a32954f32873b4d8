/** How the rest of the core asks and tells plugins. To be called only where a plugin names the hook: it costs a look at the account. */

import { accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import type { ActionFacts, ActionName, FilterInputs, FilterName } from './hooks.ts';
import type { Subject } from './plugins.ts';
import { requestScope } from './scope.ts';

/**
 * What the plugins make of it; `check` looks at that as at what a client sends, and gives what is stored. Throws as
 * `Plugins.filter`.
 */
export async function askPlugins<N extends FilterName, R>(
  core: Core,
  hook: N,
  accountId: string,
  input: FilterInputs[N],
  check: (changed: FilterInputs[N]) => R | Promise<R>,
): Promise<R> {
  return core.plugins.filter(hook, await subjectOf(core, accountId), input, check);
}

/** Tells the plugins that it happened, in the background. */
export function tellPlugins<N extends ActionName>(core: Core, hook: N, accountId: string, facts: ActionFacts[N]): void {
  void core.background.run(async () => core.plugins.happened(hook, await subjectOf(core, accountId), facts));
}

/** Notes by which client a request comes, where there are plugins to be told. */
export function noteClient(core: Core, client: () => string): void {
  if (!core.plugins.any) return;
  const scope = requestScope.getStore();
  if (scope) scope.client = client();
}

async function subjectOf(core: Core, accountId: string): Promise<Subject> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  return { id: account?.uuid ?? accountId, username: account?.username ?? '' };
}

/** The items that a list of ids was cut down to. Throws `TypeError` for one that was not in it, and for a repetition. */
export function demandKnown(given: Iterable<string>, kept: readonly unknown[]): asserts kept is readonly string[] {
  const known = new Set(given);
  for (const id of kept) {
    if (typeof id !== 'string' || !known.delete(id)) throw new TypeError('ids can be neither invented nor repeated');
  }
}
