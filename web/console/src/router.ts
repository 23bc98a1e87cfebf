// The address of what is shown: #/page?name=value. Everything that a reload should bring back stands there.
import { signal } from '@preact/signals';

export interface Route {
  page: string;
  query: URLSearchParams;
}

function read(): Route {
  const [page = '', query = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { page: page.replace(/\/$/, ''), query: new URLSearchParams(query) };
}

export const route = signal<Route>(read());

export function href(page: string, query: Record<string, string | undefined> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) words.set(name, value);
  const text = words.toString();
  return `#/${page}${text ? `?${text}` : ''}`;
}

export function go(page: string, query: Record<string, string | undefined> = {}): void {
  location.hash = href(page, query);
}

/** Changes what is asked for without a new step back. */
export function setQuery(change: Record<string, string | undefined>): void {
  const query = { ...Object.fromEntries(route.value.query), ...change };
  history.replaceState(null, '', href(route.value.page, query));
  route.value = read();
}

export function follow(): void {
  route.value = read();
  addEventListener('hashchange', () => {
    route.value = read();
  });
}
