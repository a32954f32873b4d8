/** What a sync makes of a tracked file. */
export type Status = 'stored' | 'updated' | 'unchanged' | 'conflict' | 'missing';

/** What a machine says about a file; an absent `sha256` offers nothing. */
export interface Claim {
  /** Of the content sent. */
  readonly sha256?: string;
  /** Of the content after the machine's last sync. */
  readonly base?: string;
  readonly mode?: string;
}

/**
 * The rule of syncing, for one file: a change counts when it was made on top of what is stored. Times decide nothing: the
 * stock file of a new machine is younger than the one that was tended for years.
 */
export function decide(claim: Claim, stored: { sha256: string; mode?: string } | undefined): Status {
  const { sha256, base, mode } = claim;
  if (stored === undefined) return sha256 === undefined ? 'missing' : 'stored';
  if (sha256 === undefined) return base === stored.sha256 ? 'unchanged' : 'updated';
  if (sha256 === stored.sha256) return mode === undefined || mode === stored.mode ? 'unchanged' : 'stored';
  if (base === stored.sha256) return 'stored';
  return base === sha256 ? 'updated' : 'conflict';
}
