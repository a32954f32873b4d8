import type { Messages } from '../message.ts';
import { dashboard } from './dashboard.ts';
import { docs } from './docs.ts';
import { events } from './events.ts';
import { frame } from './frame.ts';
import { open } from './open.ts';
import { punches } from './punches.ts';

/** Russian. */
export const ru: Messages = {
  ...frame,
  ...open,
  ...dashboard,
  ...docs,
  ...punches,
  ...events,
  done: { ...punches.done },
  problems: { ...frame.problems, ...punches.problems },
};
