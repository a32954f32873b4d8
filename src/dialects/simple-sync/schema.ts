import type { Context } from 'koa';
import { z } from 'zod';
import { membersOf, memberText } from '../../base/json/source.ts';
import { checkPassword } from '../../base/names.ts';
import { eachInSlices, inSlices } from '../../base/slices.ts';
import type { SubmittedEvent } from '../../core/events/event.ts';
import type { JsonObject, SourcedJson } from '../../http/body/body.ts';
import { shape } from '../../http/body/shape.ts';
import {
  changeMissing,
  eventIncomplete,
  eventsInvalid,
  eventTimestampInvalid,
  fromTimestampInvalid,
  loginInvalid,
} from './refusals.ts';

/** `username` and `password`, neither empty. Throws `InvalidInputError` (code `login_invalid`). */
export function readLogin({ username, password }: JsonObject): { username: string; password: string } {
  if (typeof username !== 'string' || username === '') throw loginInvalid();
  if (typeof password !== 'string' || password === '') throw loginInvalid();
  return { username, password };
}

/**
 * `?fromTimestamp=`, at most `latest`; undefined when it is absent or empty. Of several the first counts. Throws
 * `InvalidInputError` (code `from_timestamp_invalid`).
 */
export function readFromTimestamp(ctx: Context, latest: number): number | undefined {
  const text = [ctx.query.fromTimestamp].flat()[0];
  if (text === undefined || text === '') return undefined;
  const timestamp = /^\d+$/.test(text) ? Number(text) : 0;
  if (timestamp < 1 || timestamp > latest) throw fromTimestampInvalid();
  return timestamp;
}

/**
 * A list of events with timestamps from 1 to `latest`, read in slices. Throws `InvalidInputError`: code `events_invalid` when the
 * form of any of them is wrong; else, for the first event that breaks a rule, `event_incomplete` or `event_timestamp_invalid`.
 */
export async function readEvents({ source, value }: SourcedJson, latest: number): Promise<SubmittedEvent[]> {
  if (!Array.isArray(value)) throw eventsInvalid();
  const events: SubmittedEvent[] = [];
  const slices = inSlices();
  for (const member of membersOf(source)) {
    if (member) events.push(await readEvent(value[events.length], member.text));
    if (slices.over()) await slices.pause();
  }
  await eachInSlices(events, ({ uuid, timestamp, itemUuid, action }) => {
    if (uuid === '' || itemUuid === '' || action === '') throw eventIncomplete(uuid);
    if (timestamp < 1 || timestamp > latest) throw eventTimestampInvalid(uuid);
  });
  return events;
}

/** What is absent becomes '' or 0. */
async function readEvent(value: unknown, json: string): Promise<SubmittedEvent> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw eventsInvalid();
  const event = value as JsonObject;
  readText(event.userUuid);
  return {
    uuid: readText(event.uuid),
    timestamp: await readTimestamp(event.timestamp, json),
    itemUuid: readText(event.itemUuid),
    action: readText(event.action),
    payload: readText(event.payload),
  };
}

function readText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw eventsInvalid();
  return value;
}

/** `JSON.parse` tells neither `1.0` from `1` nor `1e3` from `1000`. */
async function readTimestamp(value: unknown, json: string): Promise<number> {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number') throw eventsInvalid();
  if (!/^\d+$/.test((await memberText(json, 'timestamp')) ?? '')) throw eventsInvalid();
  return value;
}

const text = z.string({ error: 'expected a text' });
const name = text.regex(/^[A-Za-z0-9_-]{3,50}$/, { error: 'expected 3 to 50 of the characters A-Z a-z 0-9 _ -' });
const newUser = z.object({ uuid: text, username: name, password: text });
const userChange = z.object({ new_username: name.nullish(), new_password: text.nullish() });

/** `uuid`, `username` and `password` of a new account. Throws `InvalidInputError`. */
export function readNewUser(body: JsonObject): { uuid: string; username: string; password: string } {
  return shape(newUser, body);
}

/** A new name, a new password, or both. Throws `InvalidInputError`. */
export function readUserChange(body: JsonObject): { username?: string; password?: string } {
  const { new_username, new_password } = shape(userChange, body);
  if (new_username == null && new_password == null) throw changeMissing();
  if (new_password != null) checkPassword(new_password, 'new_password');
  return {
    ...(new_username != null && { username: new_username }),
    ...(new_password != null && { password: new_password }),
  };
}
