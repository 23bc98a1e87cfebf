// The address of what is shown: everything that a reload should bring back stands behind the "#".
import { signal } from '@preact/signals';

export interface Route {
  page: string;
  /** Of `r/ROOM…`. */
  room: string;
  /** A message to show, by its place in the room. */
  seq: number | undefined;
  thread: string;
  query: URLSearchParams;
}

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [page = '', room = '', third = '', fourth = ''] = path.split('/').map(decoded);
  const seq = page === 'r' && /^\d+$/.test(third) ? Number(third) : undefined;
  return { page, room: page === 'r' ? room : '', seq, thread: page === 'r' && third === 't' ? fourth : '', query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal<Route>(routeOf(location.hash));

export const roomHref = (room: string, seq?: number): string => `#/r/${encodeURIComponent(room)}${seq === undefined ? '' : `/${seq}`}`;
export const threadHref = (room: string, root: string): string => `#/r/${encodeURIComponent(room)}/t/${encodeURIComponent(root)}`;

export function go(hash: string): void {
  if (location.hash === hash) route.value = routeOf(hash);
  else location.hash = hash;
}

/** Another address for what is shown, without a new step back. */
export function replace(hash: string): void {
  history.replaceState(null, '', hash);
  route.value = routeOf(hash);
}

export function followAddress(): void {
  addEventListener('hashchange', () => {
    route.value = routeOf(location.hash);
  });
}
