/** Where plugins may join in, and what they are told (docs/plugins.md). */

/** Whom an event concerns, where it comes from, and when it was. */
export interface EventContext {
  readonly account: { readonly id: string; readonly username: string };
  /** Label of the Punch key, client id of the token, or device id; absent where there is none, at a page for example. */
  readonly client?: string;
  readonly request_id?: string;
  readonly at: Date;
}

/** What filters get, and may give back changed. */
export interface FilterInputs {
  'punches.upload': { readonly punches: readonly unknown[] };
  'punches.delete': { readonly ids: readonly string[] };
  'punches.download': { readonly ids: readonly string[] };
  'dotsync.sync': { readonly files: readonly unknown[] };
  'events.push': { readonly events: readonly unknown[] };
  'verstak.push': { readonly ops: readonly unknown[] };
  'entries.set': {
    readonly key: string;
    readonly value: unknown;
    readonly content_type?: string | undefined;
    /** Seconds. */
    readonly ttl?: number | undefined;
  };
  'entries.delete': { readonly key: string };
  'accounts.register': { readonly username: string; readonly email?: string | undefined };
}

/** What actions are told. */
export interface ActionFacts {
  'punches.uploaded': { readonly ids: readonly string[] };
  'punches.deleted': { readonly ids: readonly string[] };
  'dotsync.synced': {
    readonly files: readonly { readonly config: string; readonly path: string; readonly status: string }[];
  };
  'events.pushed': { readonly ids: readonly string[] };
  'verstak.pushed': { readonly vault: string; readonly ids: readonly string[] };
  'entries.set': { readonly key: string; readonly size: number };
  'entries.deleted': { readonly key: string };
  'accounts.registered': { readonly username: string };
  'accounts.erased': object;
  'tokens.issued': { readonly client: string; readonly expires_at: Date };
}

/** Name of a filter. */
export type FilterName = keyof FilterInputs;
/** Name of an action. */
export type ActionName = keyof ActionFacts;

/** What a filter may change: one list, given back alone or by its name; some fields, given back in an object; or nothing. */
export const filterKinds: Readonly<Record<FilterName, { list: string } | { fields: readonly string[] }>> = {
  'punches.upload': { list: 'punches' },
  'punches.delete': { list: 'ids' },
  'punches.download': { list: 'ids' },
  'dotsync.sync': { list: 'files' },
  'events.push': { list: 'events' },
  'verstak.push': { list: 'ops' },
  'entries.set': { fields: ['key', 'value', 'content_type', 'ttl'] },
  'entries.delete': { fields: ['key'] },
  'accounts.register': { fields: [] },
};

/** Every action. */
export const actionNames: readonly ActionName[] = [
  'punches.uploaded',
  'punches.deleted',
  'dotsync.synced',
  'events.pushed',
  'verstak.pushed',
  'entries.set',
  'entries.deleted',
  'accounts.registered',
  'accounts.erased',
  'tokens.issued',
];

/** A filter as a plugin has it: what it returns is stored instead; nothing returned: as it was. */
export type Filter<N extends FilterName> = (event: EventContext & FilterInputs[N]) => unknown;

/** An action as a plugin has it. */
export type Action<N extends ActionName> = (event: EventContext & ActionFacts[N]) => unknown;

/** What a plugin joins in with. */
export interface Hooks {
  readonly filter?: { readonly [N in FilterName]?: Filter<N> };
  readonly action?: { readonly [N in ActionName]?: Action<N> };
  /** Called at the stop; 5 s at most are waited for. */
  readonly close?: () => unknown;
}

/** Marks what `refuse` of `keybin/plugin` throws, whichever copy of the package made it. */
export const REFUSAL = Symbol.for('keybin.plugin.refusal');
