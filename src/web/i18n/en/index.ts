import type { Messages } from '../message.ts';
import { frame } from './frame.ts';
import { open } from './open.ts';

/** English. */
export const en: Messages = { ...frame, ...open };
