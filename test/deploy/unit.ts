import { readFileSync } from 'node:fs';

/** Settings of `deploy/keybin.service`, by their names; of those that are given more than once all values. */
export function unitSettings(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL('../../deploy/keybin.service', import.meta.url), 'utf8');
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of text.matchAll(/^([A-Z]\w+)=(.*)$/gm)) {
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}
