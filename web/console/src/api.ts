// The server's HTTP API, as GET <prefix>/openapi.json describes it. Everything the page knows and does goes through here.
import { visible } from './format';
import { type Json, type JsonObject, parse, textOf } from './json';
import { at, config, key, person, scope, signOut } from './session';

export type Params = { [name: string]: Json | undefined };

export class ApiError extends Error {
  /** `code`: of the API's error object, or the HTTP status where there is none; 0: nobody answered. */
  constructor(readonly method: string, readonly code: number, message: string) {
    super(message);
  }
}

const ANSWER_MS = 15_000;

function given(params: Params): JsonObject {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** The body of a call. */
export const bodyOf = (params: Params): string => textOf(given(params));

export async function send(path: string, init: RequestInit, stop?: AbortSignal): Promise<Response> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  const signal = stop ? AbortSignal.any([stop, limit]) : limit;
  try {
    return await fetch(at(path), { ...init, signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (stop?.aborted) throw error;
    const why = limit.aborted ? `no answer within ${ANSWER_MS / 1000} s` : 'the server cannot be reached';
    throw new ApiError(path, 0, `${why}; is it running, and is this machine still on its network?`);
  }
}

async function tried(method: string, params: Params, withKey: string, stop?: AbortSignal): Promise<JsonObject> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (withKey !== '') headers['X-API-Key'] = withKey;
  const response = await send(`${config.value?.api}/${method}`, { method: 'POST', headers, body: bodyOf(params) }, stop);
  const text = await response.text();
  if (response.status === 401) throw new ApiError(method, 401, text);
  if (!response.ok && !text.startsWith('{')) throw new ApiError(method, response.status, text.trim() || `status ${response.status}`);
  const answer = parse(text) as JsonObject;
  const error = (response.ok ? answer.error : answer) as JsonObject | undefined;
  if (error) throw new ApiError(method, Number(error.code), String(error.message));
  return (answer.result ?? answer) as JsonObject;
}

/** The method's result. Numbers that JavaScript would change are json.Exact. */
export async function call<T>(method: string, params: Params = {}, stop?: AbortSignal): Promise<T> {
  const used = key();
  const who = person.value;
  try {
    return (await tried(method, params, who ? '' : used, stop)) as T;
  } catch (error) {
    if (error instanceof ApiError && error.code === 401) {
      if (scope.value === 'jobs' && error.message.includes('jobs_key')) throw new ApiError(method, 103, error.message);
      if (who) signOut('Your session has ended: sign in again.');
      else signOut(`The server takes this key no longer: ${error.message}`, used);
    }
    throw error;
  }
}

/** What a key opens; throws an ApiError with code 401 if that is nothing. */
export async function scopeOf(candidate: string): Promise<'all' | 'jobs'> {
  try {
    await tried('info', {}, candidate);
    return 'all';
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 401 || !config.value?.jobs) throw error;
    try {
      await tried('jobs_counts', {}, candidate);
      return 'jobs';
    } catch (second) {
      // Not served now, but the key was taken.
      if (second instanceof ApiError && second.code !== 401) return 'jobs';
      throw error;
    }
  }
}

export async function metricsText(stop?: AbortSignal): Promise<string> {
  const response = await send('/metrics', {}, stop);
  if (!response.ok) throw new ApiError('metrics', response.status, `/metrics: status ${response.status}`);
  return response.text();
}

/** Why /ready says that clients should not be sent here; '': they may be. */
export async function notReady(stop?: AbortSignal): Promise<string> {
  const response = await send('/ready', {}, stop);
  if (response.ok) return '';
  const text = await response.text();
  try {
    const answer = parse(text) as JsonObject;
    return [answer.status, answer.why].filter(Boolean).join(': ');
  } catch {
    return text || `status ${response.status}`;
  }
}

/** The call as a line for a terminal, with what nobody would see written as JSON writes it. The key stays out of it. */
export function curlOf(method: string, params: Params = {}): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const auth = config.value?.needs_key ? ' -H "X-API-Key: $TIDEMILL_KEY"' : '';
  return `curl -s ${quoted(at(`${config.value?.api}/${method}`))}${auth} -d ${quoted(visible(bodyOf(params)))}`;
}
