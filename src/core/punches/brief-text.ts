/** The punches of a stretch as one text: by fields, so that it is short and read at once. */

import type { PunchBrief } from './read.ts';

/** Characters of an id. */
const ID = 36;

/** What stands in the text; each list has an item for each punch. */
interface Columns {
  /** One behind the other. */
  readonly ids: string;
  readonly in: readonly number[];
  readonly out: readonly (number | null)[];
  readonly rate: readonly number[];
  /** Where in `projects` its project is. */
  readonly project: readonly number[];
  readonly projects: readonly string[];
}

/** The text of punches. */
export function toText(briefs: readonly PunchBrief[]): string {
  const projects = new Map<string, number>();
  for (const { project } of briefs) if (!projects.has(project)) projects.set(project, projects.size);
  const columns: Columns = {
    ids: briefs.map(({ id }) => id).join(''),
    in: briefs.map(brief => brief.in),
    out: briefs.map(({ out }) => out),
    rate: briefs.map(({ rate }) => rate),
    project: briefs.map(({ project }) => projects.get(project) ?? 0),
    projects: [...projects.keys()],
  };
  return JSON.stringify(columns);
}

/** The punches of a text that `toText` made. */
export function fromText(text: string): PunchBrief[] {
  const { ids, in: starts, out, rate, project, projects }: Columns = JSON.parse(text);
  return starts.map((start, i) => ({
    id: ids.slice(i * ID, (i + 1) * ID),
    project: projects[project[i] ?? 0] ?? '',
    in: start,
    out: out[i] ?? null,
    rate: rate[i] ?? 0,
  }));
}
