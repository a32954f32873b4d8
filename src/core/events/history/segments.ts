/** The segments of the history: a chain from the first event to the last. */

import { DuplicateKeyError } from '../../../base/errors.ts';
import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { type EventDoc, type SegmentDoc, segmentsSpec } from '../collections.ts';
import { behind, type Placed } from './places.ts';

/** The `id` of the segment that the chain begins with. It is never removed, nor is any other one of the chain. */
export const FIRST = 'first';

/** What a segment holds at most before it is divided, and what each part gets then: bytes of texts and of what is known of them. */
const MOST = 131_072;
const FILL = 98_304;
/** About what is known of an event. */
const KNOWN = 50;

const COMMA = Buffer.from(',');

/**
 * The segment whose part of the history has this place; undefined when there is none at all. Those that a process did not get to
 * note as begun are found from the one before.
 */
export async function segmentAt(core: Core, place: string): Promise<SegmentDoc | undefined> {
  const segments = core.storage.collection(segmentsSpec);
  const { items } = await segments.scan({ index: 'starts', below: behind(place), order: 'desc', limit: 1 });
  let segment = items[0];
  while (segment?.next !== undefined && segment.next_start !== undefined && segment.next_start <= place) {
    segment = await segments.get([segment.next]);
  }
  return segment;
}

/** The first segment, empty, unless it is there. */
export async function beginSegments(core: Core): Promise<void> {
  const empty: SegmentDoc = { id: FIRST, start: '', ...contentOf([]) };
  await core.storage
    .collection(segmentsSpec)
    .insert(empty)
    .catch(error => {
      if (!(error instanceof DuplicateKeyError)) throw error;
    });
}

/** The events of a segment. */
export function eventsOf({ events, text }: SegmentDoc): Placed[] {
  let at = 0;
  return (JSON.parse(events) as [string, number, string?][]).map(([place, size, body_hash]) => {
    if (body_hash !== undefined) return { place, size, body_hash };
    const start = at;
    at += size + 1;
    return { place, size, text: text.subarray(start, start + size) };
  });
}

/** What a segment with these events holds. */
export function contentOf(
  events: readonly Placed[],
): Pick<SegmentDoc, 'events' | 'text' | 'last' | 'long' | 'version'> {
  const known = events.map(({ place, size, body_hash }) => [place, size, ...(body_hash ? [body_hash] : [])]);
  const texts = events.flatMap(({ text }) => text ?? []);
  return {
    events: JSON.stringify(known),
    text: joined(texts),
    last: events.at(-1)?.place ?? '',
    long: events.length - texts.length,
    version: newId(),
  };
}

/** A loose event at its place. */
export function placed({ place = '', size = 0, body, body_hash }: EventDoc): Placed {
  return body === undefined
    ? { place, size, ...(body_hash && { body_hash }) }
    : { place, size, text: Buffer.from(body) };
}

/** Texts with commas between them. */
export function joined(texts: readonly Uint8Array[]): Uint8Array {
  if (texts.length === 1) return texts[0] as Uint8Array;
  return Buffer.concat(texts.flatMap((text, i) => (i === 0 ? [text] : [COMMA, text])));
}

/** The events in as many parts as they need segments; at least one. */
export function divided(events: readonly Placed[]): Placed[][] {
  const weightOf = ({ text }: Placed) => KNOWN + (text?.length ?? 0);
  if (events.reduce((sum, event) => sum + weightOf(event), 0) <= MOST) return [[...events]];
  const parts: Placed[][] = [];
  let room = 0;
  for (const event of events) {
    const weight = weightOf(event);
    if (weight > room) {
      parts.push([]);
      room = FILL;
    }
    parts.at(-1)?.push(event);
    room -= weight;
  }
  return parts;
}
