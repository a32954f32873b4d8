/** Writes the tables of `error-table.ts` as `docs/errors.md`. */

import { errorCodes, errorTable } from '../../base/error-table.ts';

/** The text of `docs/errors.md`. */
export function renderErrors(): string {
  const classes = Object.entries(errorTable).map(
    ([name, { status, code, means }]) => `| ${status} | \`${code}\` | ${name} | ${means} |`,
  );
  const codes = Object.entries(errorCodes).map(([code, { status, means }]) => `| ${status} | \`${code}\` | ${means} |`);
  return `${[HEAD, ...classes, CODES, ...codes].join('\n')}\n`;
}

const HEAD = `# Errors

This page is written from the tables in \`src/base/error-table.ts\` by \`npm run docs\`; do not edit it by hand.

An error is answered as JSON, with a sentence for people and a code for programs:

\`\`\`json
{ "error": "username: expected 1 to 128 characters", "code": "username_invalid" }
\`\`\`

Codes never change their meaning; sentences may. Decide on the status or the code, never on the sentence. Some answers have
more fields: the limit that was exceeded, for instance.

## Kinds of errors

The code is the one of this table unless a more precise one of the next table fits.

| Status | Code | Class in the source | Meaning |
|---|---|---|---|`;

const CODES = `
## More precise codes

| Status | Code | Meaning |
|---|---|---|`;
