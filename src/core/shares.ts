/** Most items that are served together. */
const MOST = 500;

/**
 * Items of one name that are served together, one lot after another: what comes while a lot is served is the next one. Other
 * processes know nothing of it.
 */
export interface Shares {
  /** `serve` is that of who came first; what it throws is its own affair. */
  add<T>(name: string, item: T, serve: (lot: readonly T[]) => Promise<void>): void;
}

/** The shares of one process. */
export function createShares(): Shares {
  const lines = new Map<string, unknown[]>();

  const serveAll = async <T>(name: string, line: T[], serve: (lot: readonly T[]) => Promise<void>) => {
    while (line.length > 0) await serve(line.splice(0, MOST)).catch(() => {});
    lines.delete(name);
  };

  return {
    add(name, item, serve) {
      const line = lines.get(name);
      if (line !== undefined) {
        line.push(item);
        return;
      }
      const begun = [item];
      lines.set(name, begun);
      void serveAll(name, begun, serve);
    },
  };
}
