/** What to do about a conflict. */
export function conflictSentence(path: string): string {
  return `${path} changed on two machines; look at keybin dotsync diff ${path}, then keybin dotsync resolve ${path} --mine or --theirs, or merge it and remove the copy`;
}

/** What to do about a config that is gone. */
export function lostSentence(name: string): string {
  return `${name}: the server has no such config any more, and its files stay as they are; keybin dotsync init chooses others`;
}
