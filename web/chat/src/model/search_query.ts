// The filters of a search, which are words of its text: from:ada in:general before:2026-01-01 has:link "a phrase" word.

export const FILTERS = ['from', 'in', 'before', 'after', 'has'] as const;
export type FilterName = (typeof FILTERS)[number];

export interface Filter {
  name: FilterName;
  value: string;
}

export interface SearchQuery {
  filters: Filter[];
  /** Words and phrases, without quotes. */
  words: string[];
}

const PIECES = /(?:(from|in|before|after|has):("[^"]*"|\S+))|"([^"]*)"|(\S+)/gi;

export function parseQuery(text: string): SearchQuery {
  const query: SearchQuery = { filters: [], words: [] };
  for (const [, name, value, phrase, word] of text.matchAll(PIECES)) {
    if (name && value) query.filters.push({ name: name.toLowerCase() as FilterName, value: value.replace(/^"|"$/g, '') });
    else if (phrase?.trim()) query.words.push(phrase.trim());
    else if (word && word !== '"') query.words.push(word.replaceAll('"', ''));
  }
  return query;
}

const quoted = (value: string): string => (/\s/.test(value) ? `"${value}"` : value);

export function textOfQuery({ filters, words }: SearchQuery): string {
  return [...filters.map(({ name, value }) => `${name}:${quoted(value)}`), ...words.map(quoted)].join(' ');
}

/** One filter of a name at a time; '' takes it away. */
export function withFilter(text: string, name: FilterName, value: string): string {
  const query = parseQuery(text);
  const filters = query.filters.filter((filter) => filter.name !== name);
  if (value) filters.push({ name, value });
  return textOfQuery({ ...query, filters });
}

export function withoutFilter(text: string, filter: Filter): string {
  const query = parseQuery(text);
  return textOfQuery({ ...query, filters: query.filters.filter(({ name, value }) => name !== filter.name || value !== filter.value) });
}
