import { type ConfigDoc, filesOf } from '../../core/dotfiles/collection.ts';

/** Finds the configs that track a file of this name. */
export function tracker(name: string): (config: ConfigDoc) => boolean {
  // Lists of paths are long, and most have no such file: the text of one is searched far faster than it is parsed.
  const end = JSON.stringify(name.includes('/') ? name : `/${name}`).slice(1);
  return config => config.files.includes(end) && filesOf(config).some(path => isNamed(path, name));
}

/** Whether somebody who looks for `name` means this path: the whole of it when there is a slash, else its last segment. */
export function isNamed(path: string, name: string): boolean {
  return name.includes('/') ? path === name : path.slice(path.lastIndexOf('/') + 1) === name;
}
