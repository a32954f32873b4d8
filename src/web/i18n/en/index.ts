import type { Messages } from '../message.ts';
import { admin } from './admin.ts';
import { adminServer } from './admin-server.ts';
import { dashboard } from './dashboard.ts';
import { data } from './data.ts';
import { docs } from './docs.ts';
import { dotfiles } from './dotfiles.ts';
import { events } from './events.ts';
import { frame } from './frame.ts';
import { open } from './open.ts';
import { punches } from './punches.ts';

/** English. */
export const en: Messages = {
  ...frame,
  ...open,
  ...admin,
  ...adminServer,
  ...dashboard,
  ...data,
  ...docs,
  ...dotfiles,
  ...events,
  ...punches,
  done: {
    ...data.done,
    ...punches.done,
    ...admin.done,
    ...events.done,
    ...adminServer.done,
  },
  problems: {
    ...frame.problems,
    ...dotfiles.problems,
    ...data.problems,
    ...punches.problems,
    ...admin.problems,
    ...events.problems,
  },
};
