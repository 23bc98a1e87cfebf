// Who uses the page: the key, which stays in this tab, and what the server says that it serves.
import { signal } from '@preact/signals';

const KEY = 'tidemill-console-key';

export interface Config {
  version: string;
  api: string;
  needs_key: boolean;
  metrics: boolean;
  ready: boolean;
  jobs: boolean;
  outbox: boolean;
  queries: boolean;
  rest: string;
}

/** 'jobs': a key of http_api.jobs_key, which opens methods about jobs only. */
export type Scope = 'none' | 'all' | 'jobs';

export const config = signal<Config | undefined>(undefined);
export const scope = signal<Scope>('none');
/** Why the key is asked for again; '': it was not given yet. */
export const refusal = signal('');
/** Hides what acts, in this tab. The key can do it all the same. */
export const readOnly = signal(sessionStorage.getItem('tidemill-console-read-only') === 'yes');

export const key = (): string => sessionStorage.getItem(KEY) ?? '';

export function keep(value: string): void {
  sessionStorage.setItem(KEY, value);
}

/** With `unlessNot`: only if that key is still the one that is used. */
export function signOut(why = '', unlessNot?: string): void {
  if (unlessNot !== undefined && unlessNot !== key()) return;
  sessionStorage.removeItem(KEY);
  refusal.value = why;
  scope.value = 'none';
}

export function setReadOnly(value: boolean): void {
  readOnly.value = value;
  sessionStorage.setItem('tidemill-console-read-only', value ? 'yes' : 'no');
}

/** The server's root, with a slash: the page may stand below a path that a proxy took away. */
export const root = new URL('../', new URL('.', location.href));

export const at = (path: string): string => new URL(path.replace(/^\//, ''), root).href;

/** A key that came with the link that `serve --dev` prints leaves the address at once. Whether there was one. */
export function takeKeyFromAddress(): boolean {
  const [, text] = /^#key=([^&]*)$/.exec(location.hash) ?? [];
  if (text === undefined) return false;
  history.replaceState(null, '', '#/');
  try {
    keep(decodeURIComponent(text));
  } catch {
    keep(text);
  }
  return true;
}
