/**
 * Columns of lists with many rows. On a telephone a row is a card, and each cell says what it is: a label in every cell would be a
 * third of the page, so that these have theirs from a style sheet of the language.
 */

import type { Language } from '../base/language.ts';
import { translator } from './i18n/messages.ts';

/** A column: the message that it is called by, and whether numbers stand in it. */
export interface Column {
  readonly label: string;
  readonly isNumber?: boolean;
}

const text = (label: string): Column => ({ label });
const number = (label: string): Column => ({ label, isNumber: true });

/** The columns of a list by its name, which is also its class (`of-devices`). The first one is the heading of a card. */
export const lists = {
  devices: [
    text('adminDevices.name'),
    text('adminDevices.user'),
    text('adminDevices.vault'),
    text('adminDevices.version'),
    text('adminDevices.address'),
    text('users.created'),
    text('users.lastSeen'),
    text('frame.state'),
  ],
  users: [
    text('users.name'),
    text('users.email'),
    number('users.devices'),
    number('users.vaults'),
    text('users.lastSeen'),
    text('users.created'),
    text('frame.state'),
  ],
  vaults: [
    text('adminDevices.vault'),
    text('adminDevices.user'),
    number('users.devices'),
    number('vaults.operations'),
    text('vaults.lastActivity'),
  ],
  usage: [
    text('users.name'),
    number('storage.by_bytes'),
    number('storage.by_keys'),
    number('storage.by_blobs'),
    number('storage.blobCount'),
  ],
  audit: [
    text('audit.time'),
    text('audit.event'),
    text('audit.user'),
    text('audit.device'),
    text('audit.address'),
    text('audit.severity'),
    text('audit.message'),
  ],
  totals: [
    text('punches.project'),
    number('punches.count'),
    number('punches.hours'),
    number('punches.rate'),
    number('punches.money'),
  ],
  stretches: [text('punches.day'), number('punches.hours'), text('punches.projects')],
  punches: [
    text('punches.project'),
    text('punches.when'),
    number('punches.hours'),
    number('punches.rate'),
    text('punches.comments'),
  ],
  dotfiles: [
    text('dotfiles.path'),
    number('dotfiles.size'),
    text('dotfiles.mode'),
    text('dotfiles.hash'),
    text('dotfiles.changed'),
  ],
} as const satisfies Readonly<Record<string, readonly Column[]>>;

/** Lists whose first cell is labelled as well. */
const LABELLED = new Set(['audit']);

/** The style sheet that labels the cells of all lists where rows are cards. */
export function labelSheet(language: Language): string {
  const t = translator(language);
  const labels = Object.entries<readonly Column[]>(lists).flatMap(([name, columns]) =>
    columns.flatMap(({ label }, i) =>
      i > 0 || LABELLED.has(name)
        ? `.of-${name} td:nth-child(${i + 1})::before{content:${quoted(`${t(label)} `)}}`
        : [],
    ),
  );
  const rules = [
    // Over the rule that has a cell without a label fill its line.
    '.list[class*=of-] td:nth-child(n+2){grid-column:auto}',
    '[class*=of-] td::before{display:block;font-size:14px;color:var(--quiet)}',
    ...labels,
    // A cell that is something else says so itself.
    '.list td[data-label]::before{content:attr(data-label) " "}',
  ];
  return `@media (max-width:640px){${rules.join('')}}`;
}

function quoted(label: string): string {
  return `"${label.replace(/["\\]/g, '\\$&')}"`;
}
