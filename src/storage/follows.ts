/** Who is woken when something is written, by this process or another. */
export class Follows {
  readonly #wakes = new Map<string, Set<() => void>>();
  /** Called with whether there is anybody. */
  readonly #onAny: (any: boolean) => void;

  constructor(onAny: (any: boolean) => void) {
    this.#onAny = onAny;
  }

  /** Adds one; the returned function takes it away. */
  add(owner: string, wake: () => void): () => void {
    const wakes = this.#wakes.get(owner) ?? new Set();
    const one = () => wake(); // the same function twice is two
    if (this.#wakes.size === 0) this.#onAny(true);
    this.#wakes.set(owner, wakes.add(one));
    return () => {
      if (!wakes.delete(one) || wakes.size > 0) return;
      this.#wakes.delete(owner);
      if (this.#wakes.size === 0) this.#onAny(false);
    };
  }

  /** Wakes those of the owners. */
  wake(owners: Iterable<string>): void {
    for (const owner of owners) for (const wake of this.#wakes.get(owner) ?? []) wake();
  }

  /** Wakes everybody. */
  wakeAll(): void {
    this.wake([...this.#wakes.keys()]);
  }
}
