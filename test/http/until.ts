/** Waits until something holds, while the timers of `vi` stand still. Throws when it does not come to that. */
export async function until(holds: () => boolean): Promise<void> {
  const started = performance.now();
  while (!holds()) {
    if (performance.now() - started > 5_000) throw new Error(`in vain: ${holds}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}
