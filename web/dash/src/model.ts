// What GET <rest>/dashboards.json says, and what is asked for with it. Pure.

export type Kind = 'number' | 'boolean' | 'date' | 'timestamp' | 'timestamptz' | 'text' | 'any';

export interface Column {
  name: string;
  kind: Kind;
  type: string;
  description?: string;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description?: string;
  default?: string;
  kind: Kind;
  schema: { type?: string; enum?: string[] };
}

export interface Chart {
  kind: 'line' | 'area' | 'bar' | 'pie' | 'table' | 'number';
  x?: string;
  y?: string[];
  series?: string;
  before?: string;
  columns?: string[];
  title?: string;
  unit?: string;
}

export interface Query {
  id: string;
  path: string;
  file: string;
  summary?: string;
  description?: string;
  rows: 'many' | 'one' | 'value';
  live: boolean;
  /** Everybody may call it, and all get the same. */
  everybody: boolean;
  parameters: Parameter[];
  columns: Column[];
  charts: Chart[];
}

export type Database = 'postgresql' | 'sqlite';

export interface Dashboard {
  folder: string;
  queries: Query[];
}

export interface Listing {
  database: Database;
  user: string;
  dashboards: Dashboard[];
  /** For developers only: files that are not served, and why. */
  broken: { file: string; reason: string }[];
}

export type Row = { readonly [column: string]: unknown };

/** What an endpoint is asked: its path without the prefix, and its sorted parameters. */
export interface Request {
  path: string;
  query: string;
}

/** The names of parameters that the address does not say and the endpoint needs, or the request. */
export function requestOf(query: Query, given: URLSearchParams): { missing: string[] } | Request {
  const missing: string[] = [];
  const words = new URLSearchParams();
  let { path } = query;
  for (const { name, in: where, required, default: preset } of query.parameters) {
    const value = given.get(name) ?? '';
    if (value === '') {
      if (required && preset === undefined) missing.push(name);
    } else if (where === 'path') {
      path = path.replace(`{${name}}`, encodeURIComponent(value));
    } else {
      words.set(name, value);
    }
  }
  if (missing.length > 0) return { missing };
  words.sort();
  return { path, query: words.toString() };
}

/** The channel of a live query: as docs/guide/live-queries.md spells it. '': it has none for this caller. */
export function channelOf(query: Query, request: Request, namespace: string, user: string): string {
  if (!query.live || namespace === '' || (!query.everybody && (user === '' || user.includes(',')))) return '';
  return `${namespace}:${request.path}${request.query ? `?${request.query}` : ''}${query.everybody ? '' : `#${user}`}`;
}

/** Each parameter of a dashboard once; those of one name are one. Who needs it most decides. */
export function parametersOf(dashboard: Dashboard): Parameter[] {
  const all = new Map<string, Parameter>();
  for (const { parameters } of dashboard.queries) {
    for (const each of parameters) {
      const known = all.get(each.name);
      if (!known || (each.required && !known.required)) all.set(each.name, { ...known, ...each });
    }
  }
  return [...all.values()];
}

/** "sales/by_region" is "Sales / By region". */
export function titleOf(folder: string): string {
  if (folder === '') return 'Dashboard';
  const words = (part: string) => part.replace(/[_-]+/g, ' ').trim();
  return folder.split('/').map(words).map((text) => text.charAt(0).toUpperCase() + text.slice(1)).join(' / ');
}

export function titleOfChart(query: Query, chart: Chart): string {
  return chart.title ?? (query.summary?.replace(/\.$/, '') || query.path);
}

/** The rows of an answer, or of a live query's state: a bare value has the name of its column. */
export function rowsOf(query: Query, values: readonly unknown[]): Row[] {
  if (query.rows !== 'value') return values.filter((each): each is Row => each !== null && typeof each === 'object');
  const name = query.columns[0]?.name ?? 'value';
  return values.map((value) => ({ [name]: value }));
}
