// Who uses the page: a person with a session, or a key, which stays in this tab; and what the server says that it serves.
import { computed, signal } from '@preact/signals';

const KEY = 'tidemill-console-key';

export interface Config {
  version: string;
  api: string;
  needs_key: boolean;
  accounts: boolean;
  read_only: boolean;
  metrics: boolean;
  ready: boolean;
  jobs: boolean;
  outbox: boolean;
  queries: boolean;
  rest: string;
}

export type Role = 'viewer' | 'operator' | 'admin';

export interface Person {
  username: string;
  name: string;
  /** '': none in the console. */
  console: Role | '';
}

/** 'jobs': a key of http_api.jobs_key, which opens methods about jobs only. */
export type Scope = 'none' | 'all' | 'jobs';

export const config = signal<Config | undefined>(undefined);
export const scope = signal<Scope>('none');
/** Why the key is asked for again; '': it was not given yet. */
export const refusal = signal('');
/** Who has signed in; undefined: a key is used. */
export const person = signal<Person | undefined>(undefined);
/** Whoever has a key is everything; in read-only mode people are viewers at most. */
export const role = computed<Role>(() => {
  if (!person.value) return 'admin';
  return config.value?.read_only ? 'viewer' : person.value.console || 'viewer';
});
/** Hides what acts, in this tab. Whoever uses it can do it all the same. */
export const hides = signal(sessionStorage.getItem('tidemill-console-read-only') === 'yes');

/** Nothing that acts is shown. */
export const readOnly = computed(() => hides.value || role.value === 'viewer' || config.value?.read_only === true);

export const key = (): string => sessionStorage.getItem(KEY) ?? '';

export function keep(value: string): void {
  sessionStorage.setItem(KEY, value);
}

/** With `unlessNot`: only if that key is still the one that is used. */
export function signOut(why = '', unlessNot?: string): void {
  if (unlessNot !== undefined && unlessNot !== key()) return;
  sessionStorage.removeItem(KEY);
  refusal.value = why;
  person.value = undefined;
  scope.value = 'none';
}

export function setReadOnly(value: boolean): void {
  hides.value = value;
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
