import type { Messages } from '../message.ts';
import { account } from './account.ts';
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
import { tokens } from './tokens.ts';

/** Russian. */
export const ru: Messages = {
  ...frame,
  ...open,
  ...account,
  ...adminServer,
  ...admin,
  ...dashboard,
  ...data,
  ...docs,
  ...dotfiles,
  ...events,
  ...punches,
  ...tokens,
  done: {
    ...account.done,
    ...adminServer.done,
    ...admin.done,
    ...data.done,
    ...events.done,
    ...punches.done,
    ...tokens.done,
  },
  problems: {
    ...frame.problems,
    ...account.problems,
    ...adminServer.problems,
    ...admin.problems,
    ...data.problems,
    ...dotfiles.problems,
    ...events.problems,
    ...punches.problems,
    ...tokens.problems,
  },
};
