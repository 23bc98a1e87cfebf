// What the page asks the server: the listing of dashboards, and GET of endpoints.
import type { Listing, Query, Request, Row } from './model';
import { rowsOf } from './model';
import { at, bearer, config } from './session';

export class ApiError extends Error {
  /** `status` 0: nobody answered. `fields`: what is wrong with which parameter. */
  constructor(readonly status: number, message: string, readonly fields: Record<string, string> = {}, readonly retryAfterMs = 0) {
    super(message);
  }
}

const ANSWER_MS = 20_000;
const MAX_TEXT = 300;

interface Told {
  message?: string;
  details?: string | null;
  hint?: string | null;
  errors?: { field: string; problem: string }[];
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const retryAfterMs = Number(response.headers.get('Retry-After') ?? 0) * 1000 || 0;
  try {
    const told = JSON.parse(text) as Told;
    const fields = Object.fromEntries((told.errors ?? []).map(({ field, problem }) => [field, problem]));
    const message = [told.message, told.details, told.hint].filter(Boolean).join('. ');
    return new ApiError(response.status, message || `status ${response.status}`, fields, retryAfterMs);
  } catch {
    return new ApiError(response.status, text.trim().slice(0, MAX_TEXT) || `status ${response.status}`, {}, retryAfterMs);
  }
}

async function get(path: string, stop?: AbortSignal): Promise<Response> {
  const token = await bearer();
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (token !== '') headers.Authorization = `Bearer ${token}`;
  const limit = AbortSignal.timeout(ANSWER_MS);
  let response: Response;
  try {
    response = await fetch(at(path), {
      headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error', signal: stop ? AbortSignal.any([stop, limit]) : limit,
    });
  } catch (error) {
    if (stop?.aborted) throw error;
    throw new ApiError(0, limit.aborted ? `no answer within ${ANSWER_MS / 1000} s` : 'the server cannot be reached');
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function listing(stop?: AbortSignal): Promise<Listing> {
  return (await (await get(`${config.value.rest}/dashboards.json`, stop)).json()) as Listing;
}

/** The rows of an endpoint now. One that is not there (@rows one) is no error. */
export async function ask(query: Query, request: Request, stop: AbortSignal): Promise<Row[]> {
  try {
    const response = await get(`${config.value.rest}${request.path}${request.query ? `?${request.query}` : ''}`, stop);
    const body = (await response.json()) as unknown;
    return rowsOf(query, query.rows === 'many' ? (body as unknown[]) : [body]);
  } catch (error) {
    if (query.rows === 'one' && error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
