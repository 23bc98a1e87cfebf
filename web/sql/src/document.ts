// What this page reads of openapi.json. The server writes it: src/queries/openapi/.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: (string | null)[];
  default?: unknown;
  examples?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

export interface Response {
  description?: string;
  content?: Record<string, { schema: Schema }>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary?: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Response>;
}

export interface Broken {
  method: string;
  path: string;
  file: string;
  reason: string;
}

export interface ApiDocument {
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
  'x-broken'?: Broken[];
}

export interface Endpoint {
  method: string; // "GET"
  path: string; // "/orders/{id}"
  operation: Operation;
}

export function endpointsOf(api: ApiDocument): Endpoint[] {
  return Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
}

export function resolve(api: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split('/').pop();
  return (name && api.components.schemas[name]) || schema;
}

// "integer or null", "text: new, paid", "rows of { id, name }".
export function typeName(api: ApiDocument, given: Schema): string {
  const schema = resolve(api, given);
  const types = [schema.type ?? 'any'].flat();
  const main = types.find((type) => type !== 'null') ?? 'null';
  const or = types.includes('null') ? ' or null' : '';
  if (schema.enum) return `${schema.enum.filter((label) => label !== null).join(' | ')}${or}`;
  if (main === 'array') return `list of ${schema.items ? typeName(api, schema.items) : 'any'}${or}`;
  if (main === 'object') return `{ ${Object.keys(schema.properties ?? {}).join(', ')} }${or}`;
  return `${schema.format ?? main}${or}`;
}
