/** A moment as this API writes it: UTC, whole seconds; empty for none. */
export function timeOf(moment: Date | number | undefined): string {
  return moment === undefined ? '' : `${new Date(moment).toISOString().slice(0, 19)}Z`;
}
