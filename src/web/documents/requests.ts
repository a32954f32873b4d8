/** Every request of the document of the APIs, as a page shows them. */

import { escapeHtml } from '../../http/browser/page.ts';
import { Html } from '../html.ts';
import { type Schema, schemaExample, schemaText } from './schema-text.ts';

/** What is looked at of the document. */
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Content {
  readonly [type: string]: { readonly schema?: Schema & { readonly $ref?: string } };
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

/** A request, ready to be shown. */
export interface RequestShown {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: Html;
  /** What opens it, as a sentence; absent: nothing is asked for. */
  readonly opening: string | undefined;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly text: Html }[];
  readonly body: string | undefined;
  readonly answers: readonly { readonly status: string; readonly text: Html; readonly body: string | undefined }[];
  /** A command that sends it. */
  readonly curl: string;
}

/** The requests of one API. */
export interface RequestGroup {
  readonly name: string;
  readonly requests: readonly RequestShown[];
}

/** Answers that every request may have: they are said once. */
const COMMON = new Set(['401', 'default']);

/** The requests by API, in the order of the document; `address` is that of the server. */
export function requestsOf(document: object, address: string): RequestGroup[] {
  const groups = new Map<string, RequestShown[]>();
  for (const [path, methods] of Object.entries((document as Described).paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const group = operation.tags[0] ?? '';
      groups.set(group, [...(groups.get(group) ?? []), shownOf(method.toUpperCase(), path, operation, address)]);
    }
  }
  return [...groups].map(([name, requests]) => ({ name, requests }));
}

function shownOf(method: string, path: string, operation: Operation, address: string): RequestShown {
  const { operationId, summary, parameters = [], requestBody, responses } = operation;
  return {
    ...{ id: operationId, method, path, summary: coded(summary) },
    opening: openingOf(operation),
    parameters: parameters.map(parameter => ({
      name: parameter.name,
      in: parameter.in,
      text: coded(parameterText(parameter)),
    })),
    body: requestBody && bodyText(requestBody.content),
    answers: Object.entries(responses)
      .filter(([status]) => !COMMON.has(status))
      .map(([status, { description, content }]) => ({
        status,
        text: coded(description),
        body: content && bodyText(content),
      })),
    curl: curlOf(method, path, operation, address),
  };
}

/** A sentence in which what stands between backticks is code. */
function coded(text: string): Html {
  return new Html(escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>'));
}

function openingOf({ security }: Operation): string | undefined {
  if (security.length === 0) return undefined;
  const scopes = security.flatMap(({ token }) => token ?? []);
  const token = scopes.length === 0 ? 'A bearer token' : `A bearer token with the scope ${scopes.join(' or ')}`;
  return security.some(({ password }) => password) ? `${token}, or name and password (HTTP Basic).` : `${token}.`;
}

function parameterText({ required, description, schema }: Parameter): string {
  const type = schemaText(schema);
  const what = description ?? schema.description;
  return [required ? 'required' : '', type === 'string' ? '' : type, what ?? ''].filter(Boolean).join('; ');
}

/** Of JSON its schema, of anything else its types; the error that all requests have in common is no news. */
function bodyText(content: Content): string | undefined {
  const texts = Object.entries(content).map(([type, { schema }]) => {
    if (schema?.$ref !== undefined) return undefined;
    if (schema !== undefined) return schemaText(schema);
    return type === '*/*' ? 'bytes of any type' : type;
  });
  return texts.filter(text => text !== undefined).join('\nor ') || undefined;
}

function curlOf(
  method: string,
  path: string,
  { security, requestBody, parameters = [] }: Operation,
  address: string,
): string {
  const target = path.replace('{token}', 'me').replace('{id}', 'tok_…').replace('{key}', 'my.key');
  const needed = parameters.filter(parameter => parameter.in === 'query' && parameter.required);
  const query = needed.map(({ name, schema }) => `${name}=${schemaExample(schema, name)}`).join('&');
  const parts = [`curl${method === 'GET' ? '' : ` -X ${method}`} "${address}${target}${query && `?${query}`}"`];
  if (security.length > 0 || path.includes('{token}')) parts.push('-H "Authorization: Bearer $TOKEN"');
  const schema = requestBody?.content['application/json']?.schema;
  if (schema !== undefined) {
    const example = JSON.stringify(schemaExample(schema)).replaceAll("'", "'\\''");
    parts.push(`-H "Content-Type: application/json" -d '${example}'`);
  } else if (requestBody !== undefined) parts.push('-H "Content-Type: text/plain" --data-binary "a value"');
  return parts.join(' \\\n  ');
}
