/** Plugins at work: filters before something is stored, actions after it was. */

import { setTimeout as pause } from 'node:timers/promises';
import { type AppError, PluginFailedError, PluginRefusedError, PluginTimeoutError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { createActionQueue } from './actions.ts';
import {
  type ActionFacts,
  type ActionName,
  type EventContext,
  type FilterInputs,
  type FilterName,
  filterKinds,
  type Hooks,
  REFUSAL,
} from './hooks.ts';
import { requestScope } from './scope.ts';
import { within } from './within.ts';

/** Milliseconds that all filters of one event may take together. */
const FILTER_MS = 5_000;
/** Milliseconds that actions under way are waited for at the stop, and `close` of each plugin after that. */
const DRAIN_MS = 8_000;
const CLOSE_MS = 5_000;
/** Milliseconds from which on the log names a plugin with a request. */
const SLOW_MS = 50;

/** Whose event it is. */
export interface Subject {
  readonly id: string;
  readonly username: string;
}

/** What became of the calls of a plugin. */
export interface PluginCounts {
  calls: number;
  milliseconds: number;
  refusals: number;
  failures: number;
}

/** The plugins of a process. Without one that names a hook, the hook costs a look into an empty set. */
export interface Plugins {
  /** To be called once for each plugin, in the order of the configuration. */
  add(name: string, hooks: Hooks): void;
  /** Whether there is any plugin. */
  readonly any: boolean;
  filters(hook: FilterName): boolean;
  acts(hook: ActionName): boolean;
  /**
   * What the plugins make of it, as `check` gives it: that looks at it as at what a client sends. Throws `PluginRefusedError`,
   * `PluginTimeoutError`, `PluginFailedError`; nothing may be stored then.
   */
  filter<N extends FilterName, R>(
    hook: N,
    subject: Subject,
    input: FilterInputs[N],
    check: (changed: FilterInputs[N]) => R | Promise<R>,
  ): Promise<R>;
  /** Tells the plugins that it happened, later; throws nothing. */
  happened<N extends ActionName>(hook: N, subject: Subject, facts: ActionFacts[N]): void;
  /** By the name of the plugin. */
  readonly counts: ReadonlyMap<string, Readonly<PluginCounts>>;
  /** Waits for actions under way, within their time, and closes every plugin. */
  close(): Promise<void>;
}

interface Member {
  readonly name: string;
  readonly hooks: Hooks;
  readonly counts: PluginCounts;
}

/** Plugins of a process; none at first. `now` gives the time in milliseconds. */
export function createPlugins(log: Log, now: () => number): Plugins {
  const members: Member[] = [];
  const hooked = new Set<string>();
  const queue = createActionQueue(log);

  /** Runs a hook of a plugin and counts it. */
  async function call(member: Member, hook: string, work: () => unknown): Promise<unknown> {
    const started = performance.now();
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error)) member.counts.refusals++;
      else member.counts.failures++;
      throw error;
    } finally {
      const took = performance.now() - started;
      member.counts.calls++;
      member.counts.milliseconds += took;
      const scope = requestScope.getStore();
      if (took > SLOW_MS && scope && hook.startsWith('filter ')) {
        scope.plugins = { ...scope.plugins, [member.name]: Math.round(took) };
      }
    }
  }

  function contextOf(subject: Subject): EventContext {
    const { id, client } = requestScope.getStore() ?? {};
    return {
      account: { id: subject.id, username: subject.username },
      ...(client !== undefined && { client }),
      ...(id !== undefined && { request_id: id }),
      at: new Date(now()),
    };
  }

  return {
    add(name, hooks) {
      members.push({ name, hooks, counts: { calls: 0, milliseconds: 0, refusals: 0, failures: 0 } });
      for (const hook of Object.keys(hooks.filter ?? {})) hooked.add(`filter ${hook}`);
      for (const hook of Object.keys(hooks.action ?? {})) hooked.add(`action ${hook}`);
    },
    get any() {
      return members.length > 0;
    },
    filters: hook => hooked.has(`filter ${hook}`),
    acts: hook => hooked.has(`action ${hook}`),
    async filter(hook, subject, input, check) {
      const context = contextOf(subject);
      const late = new AbortController();
      const timeout = pause(FILTER_MS, undefined, { signal: late.signal }).catch(() => {});
      let value: object = input;
      let changedBy = '';
      try {
        for (const member of members) {
          const run = member.hooks.filter?.[hook] as ((event: object) => unknown) | undefined;
          if (run === undefined) continue;
          const given = { ...context, ...copyOf(hook, value, changedBy, log) };
          const done = call(member, `filter ${hook}`, () => run(given));
          const ended = timeout.then(() => {
            throw new PluginTimeoutError(1, { cause: new Error(`${member.name} did not answer`) });
          });
          const result = await Promise.race([done, ended]).catch(error => {
            throw failure(error, member.name, hook, log);
          });
          value = taken(hook, value, result, member.name, log);
          if (result !== undefined) changedBy = member.name;
        }
      } finally {
        late.abort();
      }
      try {
        return await check(value as typeof input);
      } catch (err) {
        log.error({ err, hook }, `plugins failed: what they made of ${hook} is nothing that a client may send`);
        throw new PluginFailedError();
      }
    },
    happened(hook, subject, facts) {
      const event = { ...contextOf(subject), ...facts };
      const scope = requestScope.getStore();
      for (const member of members) {
        const run = member.hooks.action?.[hook] as ((event: object) => unknown) | undefined;
        if (run === undefined) continue;
        queue.put(subject.id, { plugin: member.name, hook, request: scope?.id }, () =>
          call(member, `action ${hook}`, () => run(structuredClone(event))),
        );
      }
    },
    get counts() {
      return new Map(members.map(({ name, counts }) => [name, counts]));
    },
    async close() {
      await queue.drain(DRAIN_MS);
      const closing = members.map(async ({ name, hooks }) => {
        try {
          const closed = Promise.resolve(hooks.close?.());
          if (!(await within(CLOSE_MS, closed)))
            log.warn({ plugin: name }, `plugin ${name} did not close in ${CLOSE_MS / 1000} s`);
        } catch (err) {
          log.error({ err, plugin: name }, `plugin ${name} failed to close`);
        }
      });
      await Promise.all(closing);
    },
  };
}

function isRefusal(error: unknown): error is { message: string; code?: string } {
  return typeof error === 'object' && error !== null && REFUSAL in error;
}

/** The error that the caller gets; whatever is no refusal is in the log. */
function failure(error: unknown, plugin: string, hook: string, log: Log): AppError {
  if (isRefusal(error)) return new PluginRefusedError(error.message, error.code);
  log.error({ err: error, plugin, hook }, `plugin ${plugin} failed`);
  return error instanceof PluginTimeoutError ? error : new PluginFailedError();
}

/** What a filter gave back, over what it got. Throws `PluginFailedError` for what cannot be it. */
function taken(hook: FilterName, given: object, result: unknown, plugin: string, log: Log): object {
  if (result === undefined) return given;
  const kind = filterKinds[hook];
  if ('list' in kind) {
    const list = Array.isArray(result) ? result : member(result, kind.list);
    if (Array.isArray(list)) return { ...given, [kind.list]: list };
  } else if (typeof result === 'object' && result !== null && !Array.isArray(result)) {
    const changed = Object.entries(result).filter(([name]) => kind.fields.includes(name));
    return { ...given, ...Object.fromEntries(changed) };
  }
  log.error({ plugin, hook }, `plugin ${plugin} failed: ${hook} gave back neither what it may give back nor nothing`);
  throw new PluginFailedError();
}

/** What the next plugin gets. Throws `PluginFailedError` where the one before gave back what cannot be copied, such as a function. */
function copyOf(hook: FilterName, value: object, plugin: string, log: Log): object {
  try {
    return structuredClone(value);
  } catch (err) {
    log.error({ err, plugin, hook }, `plugin ${plugin} failed: what it gave back cannot be copied`);
    throw new PluginFailedError();
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
