import type { Context } from 'koa';
import { NotFoundError } from '../../base/errors.ts';
import type { Session } from '../../core/access/sessions.ts';
import { publicId } from '../../core/accounts/accounts.ts';
import { type EventView, newestEvents, readEvent } from '../../core/events/newest.ts';
import { rulesFor } from '../../core/members/acl/try.ts';
import { accountCalled, namesByUuid } from '../../core/members/list.ts';
import { isMember } from '../../core/members/membership.ts';
import type { Params, Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { indented } from '../indented.ts';
import { signedIn } from '../routes.ts';

const PER_PAGE = 30;
/** Characters of a name and of a payload in the list; of a payload on its own page. */
const NAME = 80;
const EXCERPT = 160;
const SHOWN = 40_000;
/** Nesting makes indented JSON many times longer. */
const INDENTED = 80_000;
const RULES = 20;

/** A filter that is longer leads nowhere: no link has it. */
const LINKED = 200;

/** The history that members share, the newest event first. */
export function eventRoutes(web: Web): Route[] {
  const { core, origin, pages, settings } = web;

  /** A page for members; who is none is told how to become one. */
  function memberPage(path: string, show: (ctx: Context, session: Session, params: Params) => Promise<void>): Route {
    return signedIn(web, 'user').page(path, async (ctx, session, params) => {
      if (!settings.speaks('simple-sync')) throw new NotFoundError('there is nothing at this path');
      if (isMember(core, session.account)) return show(ctx, session, params);
      pages.show(ctx, { view: 'events-closed', title: pages.t(ctx)('events.title'), status: 403, session });
    });
  }

  async function list(ctx: Context, session: Session): Promise<void> {
    const asked = { item: given(ctx, 'item'), user: given(ctx, 'user'), action: given(ctx, 'action') };
    const cursor = given(ctx, 'cursor') || undefined;
    const user = asked.user && (publicId(await accountCalled(core, asked.user)) ?? asked.user);
    const filter = { item: asked.item || undefined, user: user || undefined, action: asked.action || undefined };
    const { items, next } = await newestEvents(core, { ...filter, limit: PER_PAGE, cursor });
    const uuid = publicId(session.account) ?? '';
    const names = await namesByUuid(core, [...items.map(({ userUuid }) => userUuid), ...(user ? [user] : [])]);
    const data = {
      rows: items.map(event => rowOf(event, names)),
      asked,
      filtered: Object.values(asked).some(value => value !== ''),
      newest: link(asked),
      older: next === undefined ? undefined : link({ ...asked, cursor: next }),
      cursor,
      uuid,
      mine: cursor === undefined ? await rulesFor(core, uuid, RULES) : undefined,
      admin: session.account.admin === true,
      address: origin.shown(ctx),
    };
    pages.show(ctx, { view: 'events', title: pages.t(ctx)('events.title'), session, data });
  }

  async function one(ctx: Context, session: Session, { place = '' }: Params): Promise<void> {
    const event = await readEvent(core, place);
    const { payload } = event;
    const text = (payload.length <= INDENTED && indented(payload)) || payload;
    const names = await namesByUuid(core, [event.userUuid]);
    const data = {
      event: { ...rowOf(event, names), item: event.itemUuid.slice(0, SHOWN), action: event.action.slice(0, SHOWN) },
      uuid: event.uuid.slice(0, SHOWN),
      text: text.slice(0, SHOWN),
      cut: text.length > SHOWN,
      bytes: Buffer.byteLength(payload),
    };
    pages.show(ctx, { view: 'event', title: pages.t(ctx)('events.one'), session, data });
  }

  /** Never shown as what it may claim to be. */
  async function download(ctx: Context, _: Session, { place = '' }: Params): Promise<void> {
    const { payload } = await readEvent(core, place);
    ctx.set('Content-Disposition', `attachment; filename="event-${place}.txt"`);
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'application/octet-stream';
    ctx.body = Buffer.from(payload);
  }

  return [
    memberPage('/events', list),
    memberPage('/events/:place', one),
    memberPage('/events/:place/payload', download),
  ];
}

/** An event as a row shows it: long texts are cut, and lead to the same only where they are whole. */
function rowOf(event: EventView, names: ReadonlyMap<string, string>) {
  const { place, timestamp, userUuid, itemUuid, action, payload } = event;
  return {
    place,
    at: new Date(timestamp * 1000),
    user: cut(names.get(userUuid) ?? userUuid, NAME),
    userUuid,
    item: cut(itemUuid, NAME),
    action: cut(action, NAME),
    payload: cut(payload.slice(0, 4 * EXCERPT).replace(/\s+/g, ' '), EXCERPT),
    ofUser: link({ user: userUuid }),
    ofItem: itemUuid.length <= LINKED ? link({ item: itemUuid }) : undefined,
    ofAction: action.length <= LINKED ? link({ action }) : undefined,
  };
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`;
}

/** The list with these filters, of which the empty ones are left out. */
function link(filters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ''));
  return query.size === 0 ? '/events' : `/events?${query}`;
}

function given({ query }: Context, name: string): string {
  return [query[name]].flat()[0] ?? '';
}
