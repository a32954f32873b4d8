/** A schema as people read it: the notation of TypeScript, with what a field is behind it; and an example of it. */

/** What is looked at of JSON Schema; the rest is for programs, which have the document. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** The text, over several lines where it is an object. */
export function schemaText(schema: Schema, indent = ''): string {
  const { type, properties, items, format, additionalProperties } = schema;
  const either = schema.anyOf ?? schema.oneOf;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ');
  if (either) return [...new Set(either.map(one => schemaText(one, indent)))].join(' | ');
  if (items) {
    const text = schemaText(items, indent);
    return items.anyOf || items.oneOf || items.enum ? `(${text})[]` : `${text}[]`;
  }
  if (properties) return objectText(schema, indent);
  if (type === 'object')
    return `{ [name]: ${typeof additionalProperties === 'object' ? schemaText(additionalProperties, indent) : 'any'} }`;
  if (format === 'date-time') return 'time';
  if (type === undefined) return 'any';
  return typeof type === 'string' ? `${type}${boundsText(schema)}` : type.join(' | ');
}

function objectText({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, field]) => {
    const optional = required.includes(name) ? '' : '?';
    const comment = field.description === undefined ? '' : `  // ${field.description}`;
    return `${inner}${name}${optional}: ${schemaText(field, inner)}${comment}`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`;
}

/** Bounds that somebody chose, and not those that a number has anyway. */
function boundsText({ type, minimum, maximum }: Schema): string {
  if (type !== 'integer' || maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER) return '';
  return ` (${minimum} to ${maximum})`;
}

/** An example: what has to be there. */
export function schemaExample(schema: Schema, name = ''): unknown {
  const { type, properties, required = [], items, minimum = 1 } = schema;
  const either = (schema.anyOf ?? schema.oneOf)?.[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (either) return schemaExample(either, name);
  if (items) return [schemaExample(items, name)];
  if (properties) {
    const given = Object.entries(properties).filter(([field]) => required.includes(field));
    return Object.fromEntries(given.map(([field, inner]) => [field, schemaExample(inner, field)]));
  }
  if (type === 'integer' || type === 'number') return Math.max(1, minimum);
  if (type === 'boolean') return true;
  return type === 'object' ? {} : (EXAMPLES[name] ?? 'text');
}

const EXAMPLES: Readonly<Record<string, string>> = { username: 'ann', password: 'correct horse', key: 'my.key' };
