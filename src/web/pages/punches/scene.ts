import type { Context } from 'koa';
import { languageOf } from '../../../http/browser/language.ts';
import { type Period, periodOf } from '../../calendar/period.ts';
import { type Words, wordsOf } from '../../calendar/words.ts';
import { type Zone, zoneOf } from '../../calendar/zone.ts';
import type { Web } from '../../context.ts';
import type { Format } from '../../format.ts';
import type { Translate } from '../../i18n/messages.ts';
import { type Asked, readAsked } from './query.ts';

/** What a request asks for, and how its visitor writes and knows time. */
export interface Scene {
  readonly asked: Asked;
  readonly zone: Zone;
  readonly words: Words;
  readonly period: Period;
  readonly now: number;
  readonly t: Translate;
  readonly format: Format;
}

/** The scene of a request. */
export function sceneOf({ core, pages }: Web, ctx: Context): Scene {
  const now = core.clock.now();
  const zone = zoneOf(ctx);
  const asked = readAsked(ctx.query);
  const words = wordsOf(languageOf(ctx, core.settings.language()), zone);
  return { asked, zone, words, period: periodOf(zone, asked, now), now, t: pages.t(ctx), format: pages.format(ctx) };
}
