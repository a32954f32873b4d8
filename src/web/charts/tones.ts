/** Which colour a project has: a class of the style sheet. */

const TONES = 7;

/** The colour of whatever has none of its own. */
export const OTHERS = 8;

/**
 * The colours, 1 to 7, of at most seven projects: that of a project follows from its name, so that it is the same each week,
 * unless another one has it already. Further projects share the eighth.
 */
export function tonesOf(projects: readonly string[]): Map<string, number> {
  const tones = new Map<string, number>();
  const free = new Set(Array.from({ length: TONES }, (_, i) => i + 1));
  const some = projects.slice(0, TONES).sort();
  for (const project of some) {
    const home = homeOf(project);
    if (free.delete(home)) tones.set(project, home);
  }
  for (const project of some) {
    if (tones.has(project)) continue;
    let tone = homeOf(project);
    while (!free.delete(tone)) tone = (tone % TONES) + 1;
    tones.set(project, tone);
  }
  return tones;
}

/** FNV-1a. */
function homeOf(project: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < project.length; i++) hash = Math.imul(hash ^ project.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) % TONES) + 1;
}
