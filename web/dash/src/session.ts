// Who looks: nobody, whoever a pasted token is of, or an account that is signed in on this server.
import { signal } from '@preact/signals';

export interface Config {
  version: string;
  rest: string;
  websocket: string;
  /** The namespace of live queries; '': there are none. */
  live: string;
  accounts: boolean;
}

const TOKEN = 'tidemill-dash-token';

export const config = signal<Config>({ version: '', rest: '/rest', websocket: '/connection/websocket', live: '', accounts: false });
export type Who = 'nobody' | 'token' | 'account';
export const who = signal<Who>('nobody');
/** Why one is not who one was; '': nothing was lost. */
export const lost = signal('');

/** The server's root, with a slash: the page may stand below a path that a proxy took away. */
export const root = new URL('../', new URL('.', location.href));
export const at = (path: string): string => new URL(path.replace(/^\//, ''), root).href;

const pasted = (): string => sessionStorage.getItem(TOKEN) ?? '';

/** A token that came with the address leaves it at once. Whether there was one. */
export function takeTokenFromAddress(): boolean {
  const [, text] = /^#token=([^&]*)$/.exec(location.hash) ?? [];
  if (text === undefined) return false;
  history.replaceState(null, '', '#/');
  sessionStorage.setItem(TOKEN, decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25')));
  return true;
}

/** Milliseconds since 1970 at which the token ends, as it says; undefined: it does not say. */
export function endOf(token: string): number | undefined {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof claims.exp === 'number' ? claims.exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

const EARLY_MS = 20_000;
let ofAccount: { token: string; until: number } | undefined;
let asking: Promise<string> | undefined;

async function askForToken(): Promise<string> {
  const response = await fetch(at('accounts/v1/token'), { method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  if (response.status === 401 || response.status === 403) {
    if (who.value === 'account') lost.value = 'The session has ended. Sign in again.';
    who.value = 'nobody';
    ofAccount = undefined;
    return '';
  }
  if (!response.ok) throw new Error(`The server gives no token now: status ${response.status}.`);
  const { token, expires_at: until } = (await response.json()) as { token: string; expires_at: number };
  ofAccount = { token, until };
  who.value = 'account';
  return token;
}

/** The token that requests carry; '': none. */
export async function bearer(): Promise<string> {
  const own = pasted();
  if (own !== '') return own;
  if (who.value !== 'account') return '';
  if (ofAccount && ofAccount.until - EARLY_MS > Date.now()) return ofAccount.token;
  asking ??= askForToken().finally(() => {
    asking = undefined;
  });
  return asking;
}

/** Who one is when the page opens. */
export async function identify(): Promise<void> {
  const end = endOf(pasted());
  if (end !== undefined && end < Date.now()) {
    dropToken('The token has expired. Use a new one.');
  }
  if (pasted() !== '') {
    who.value = 'token';
    return;
  }
  who.value = 'nobody';
  if (config.value.accounts) await askForToken();
}

export function useToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
  lost.value = '';
}

export function dropToken(why: string): void {
  sessionStorage.removeItem(TOKEN);
  who.value = 'nobody';
  lost.value = why;
}

export async function signIn(username: string, password: string): Promise<void> {
  const response = await fetch(at('accounts/v1/login'), {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username, password }),
  });
  if (response.ok) return;
  const told = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  throw new Error(told.error?.message ?? `status ${response.status}`);
}

export async function signOut(): Promise<void> {
  const was = who.value;
  dropToken('');
  ofAccount = undefined;
  if (was === 'account') await fetch(at('accounts/v1/logout'), { method: 'POST', credentials: 'same-origin', redirect: 'error' });
}

export async function loadConfig(): Promise<void> {
  const response = await fetch(at('dash/config.json'), { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) throw new Error(`dash/config.json: status ${response.status}`);
  config.value = (await response.json()) as Config;
}
