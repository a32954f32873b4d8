/** What plugins make of punches before they are stored, deleted or given out. */

import type { Core } from '../context.ts';
import { askPlugins, demandKnown } from '../plugins/tell.ts';
import { type Punch, readPunch } from './punch.ts';

/** The punches that are stored instead: fewer perhaps, or others under the same ids. Throws as `Plugins.filter`. */
export async function filteredPunches(
  core: Core,
  accountId: string,
  sent: readonly Punch[],
): Promise<readonly Punch[]> {
  const texts = new Map<string, Punch>();
  const punches = sent.map(punch => {
    const value: unknown = JSON.parse(punch.body);
    texts.set(JSON.stringify(value), punch);
    return value;
  });
  const ids = new Set(sent.map(({ id }) => id));
  return askPlugins(core, 'punches.upload', accountId, { punches }, changed => {
    const kept = changed.punches.map((value, i) => {
      const text = JSON.stringify(value);
      // What did not change stays as it was sent: a number may be longer than those of JavaScript.
      return texts.get(text) ?? readPunch(value, text, `punches[${i}]`);
    });
    demandKnown(ids, [...new Set(kept.map(({ id }) => id))]);
    return kept;
  });
}

/** The ids that count instead: fewer perhaps. Throws as `Plugins.filter`. */
export function filteredIds(
  core: Core,
  hook: 'punches.delete' | 'punches.download',
  accountId: string,
  sent: readonly string[],
): Promise<readonly string[]> {
  return askPlugins(core, hook, accountId, { ids: sent }, ({ ids }) => {
    demandKnown(sent, ids);
    return ids;
  });
}
