/** Backups: how fast data is written, checked and put back, with how much memory; and who waits while a running server is backed up. */

import { keep } from '../keep.js';

const ENTRIES = 50_000;
const MEBIBYTES = 64;

/** Documents a second of CPU at least; MB at most; milliseconds at most. */
const BARS = { documents: 40_000, memory: 200, wait: 100 };

/** @param {import('../results.js').Run} run */
export async function keepScenario({ table, value, rate, log }) {
  log(`storing ${ENTRIES.toLocaleString('en')} entries and ${MEBIBYTES} MiB of contents`);
  const { commands, waits } = await keep(ENTRIES, MEBIBYTES);
  const documents = commands.filter(({ part }) => part === 'documents');
  const rows = commands.map(({ name, cpu, wall, memory, of, unit }) => [
    name,
    cpu.toFixed(1),
    wall.toFixed(1),
    `${Math.round(of / cpu).toLocaleString('en')} ${unit}`,
    memory.toFixed(0),
  ]);
  const head = ['command', 'CPU s', 'duration s', 'a second of CPU', 'own memory MB'];
  table(`Backups: ${ENTRIES.toLocaleString('en')} documents, ${MEBIBYTES} MiB of contents, embedded`, head, rows);
  for (const { name, of, cpu, start } of documents) {
    rate(`${name}: documents a second of CPU, beyond its start`, of / (cpu - start), 'documents', BARS.documents);
  }
  value('Backups: most memory of a command', Math.max(...commands.map(({ memory }) => memory)), 'MB', BARS.memory);
  for (const { name, during, without } of waits) {
    value(`Backup of a running server: longest ${name} (${without.toFixed(0)} ms without)`, during, 'ms', BARS.wait);
  }
}
