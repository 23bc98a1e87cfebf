// The server's REST calls, with the cookie of the session: docs/guide/chat.md has them all.
import type {
  Account, Attachment, Event, Hit, Level, Member, Message, Page, Presence, Room, RoomRole, RoomSettings, Status, Sync, Thread, User, Membership,
} from '../model/types';

export class ApiError extends Error {
  /** `code`: of the error object; `offline`: nobody answered. */
  constructor(readonly status: number, readonly code: string, message: string, readonly field = '', readonly retryAfterMs = 0) {
    super(message);
  }

  /** Trying the same again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const ANSWER_MS = 20_000;

/** The server's root, with a slash: the page may stand below a path that a proxy took away. */
export const root = new URL('../', new URL('.', location.href));
export const at = (path: string): string => new URL(path.replace(/^\//, ''), root).href;

/** Called when the session has ended. */
export const onSignedOut: { run: () => void } = { run: () => {} };

type Values = Record<string, string | number | boolean | null | undefined>;

function withQuery(path: string, query?: Values): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') words.set(name, String(value));
  }
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; field?: string; retry_after_ms?: number } };
    return new ApiError(response.status, String(error.code), error.message, error.field, error.retry_after_ms);
  } catch {
    return new ApiError(response.status, 'unknown', text.trim().slice(0, 200) || `The server answered with status ${response.status}.`);
  }
}

async function reach(method: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(at(path), {
      method, credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS), ...init,
    });
  } catch {
    throw new ApiError(0, 'offline', 'The server cannot be reached. Is this device on its network?');
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await reach(method, path, init);
  if (!response.ok) {
    const error = await errorOf(response);
    if (error.status === 401 && !path.startsWith('accounts/')) onSignedOut.run();
    throw error;
  }
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}

export const chat = <T = unknown>(method: string, path: string, body?: unknown, query?: Values) => call<T>(method, withQuery(`chat/v1/${path}`, query), body);
const accounts = <T>(method: string, path: string, body?: unknown, query?: Values) => call<T>(method, withQuery(`accounts/v1/${path}`, query), body);
export const id = encodeURIComponent;

export interface Invite {
  id: string;
  role: string;
  uses_left: number;
  expires_at: number;
  url?: string;
}

export interface SessionInfo {
  id: string;
  created_at: number;
  expires_at: number;
  last_seen_at?: number;
  user_agent?: string;
  current?: boolean;
}

export interface AuditEntry {
  id: string;
  at: number;
  actor: string;
  action: string;
  target: string;
  address: string;
  detail?: unknown;
}

export interface AccountsStatus {
  setup_needed: boolean;
  signup: string;
  providers: { id: string; name: string; url: string }[];
}

export const account = {
  status: () => accounts<AccountsStatus>('GET', 'status'),
  me: () => accounts<{ user: Account; session: SessionInfo }>('GET', 'me'),
  setup: (body: { token: string; username: string; name: string; password: string }) => accounts('POST', 'setup', body),
  join: (body: { token: string; username: string; name: string; password: string }) => accounts('POST', 'join', body),
  reset: (body: { token: string; password: string }) => accounts('POST', 'reset', body),
  login: (username: string, password: string) => accounts('POST', 'login', { username, password }),
  logout: () => accounts('POST', 'logout'),
  logoutEverywhere: () => accounts('POST', 'logout_everywhere'),
  token: () => accounts<{ token: string; expires_at: number }>('POST', 'token'),
  checkInvite: (token: string) => accounts<{ role: string; invited_by: string }>('GET', 'invites/check', undefined, { token }),
  invites: () => accounts<{ invites: Invite[] }>('GET', 'invites'),
  invite: (body: { role: string; uses: number; expires_in_s: number; email?: string }) => accounts<{ invite: Invite }>('POST', 'invites', body),
  uninvite: (invite: string) => accounts('DELETE', `invites/${id(invite)}`),
  users: (query: string, cursor?: string) => accounts<{ users: Account[]; cursor?: string }>('GET', 'users', undefined, { query, cursor, limit: 50 }),
  change: (user: string, change: { role?: string; disabled?: boolean; name?: string }) => accounts('PATCH', `users/${id(user)}`, change),
  resetLink: (user: string) => accounts<{ url: string }>('POST', `users/${id(user)}/reset`),
  password: (old: string, fresh: string) => accounts('POST', 'password', { old, new: fresh }),
  profile: (change: { name?: string; email?: string }) => accounts('PATCH', 'me', change),
  sessions: () => accounts<{ sessions: SessionInfo[] }>('GET', 'sessions'),
  endSession: (session: string) => accounts('DELETE', `sessions/${id(session)}`),
  audit: (cursor?: string) => accounts<{ entries: AuditEntry[]; cursor?: string }>('GET', 'audit', undefined, { cursor, limit: 50 }),
};

export interface NewRoom {
  type: 'channel' | 'broadcast';
  private: boolean;
  name: string;
  topic?: string;
  user_ids?: string[];
}

const room = (of: string) => `rooms/${id(of)}`;
const message = (of: string) => `messages/${id(of)}`;

export const api = {
  sync: () => chat<Sync>('GET', 'sync'),

  createRoom: (body: NewRoom) => chat<{ room: Room }>('POST', 'rooms', body),
  browse: (query: string, cursor?: string) => chat<{ rooms: Room[]; cursor?: string }>('GET', 'rooms', undefined, { query, cursor, limit: 50 }),
  room: (of: string) => chat<{ room: Room }>('GET', room(of)),
  updateRoom: (of: string, change: { name?: string; topic?: string; private?: boolean; settings?: Partial<RoomSettings> }) =>
    chat<{ room: Room }>('PATCH', room(of), change),
  deleteRoom: (of: string) => chat('DELETE', room(of)),
  archive: (of: string, archived: boolean) => chat('POST', `${room(of)}/${archived ? 'archive' : 'unarchive'}`),
  openDirect: (userIds: string[]) => chat<{ room: Room }>('POST', 'dms', { user_ids: userIds }),
  members: (of: string, cursor?: string) =>
    chat<{ members: Member[]; users?: User[]; cursor?: string }>('GET', `${room(of)}/members`, undefined, { cursor, limit: 100 }),
  addMembers: (of: string, userIds: string[]) => chat('POST', `${room(of)}/members`, { user_ids: userIds }),
  setMemberRole: (of: string, user: string, role: RoomRole) => chat('PATCH', `${room(of)}/members/${id(user)}`, { role }),
  removeMember: (of: string, user: string) => chat('DELETE', `${room(of)}/members/${id(user)}`),
  join: (of: string) => chat<{ room?: Room }>('POST', `${room(of)}/join`),
  leave: (of: string) => chat('POST', `${room(of)}/leave`),

  messages: (of: string, where: { before?: number; after?: number; around?: number | 'read' }, limit = 50) =>
    chat<Page>('GET', `${room(of)}/messages`, undefined, { ...where, limit }),
  send: (of: string, body: { text: string; client_msg_id: string; thread_id?: string; attachment_ids?: string[] }) =>
    chat<{ message?: Message }>('POST', `${room(of)}/messages`, body),
  message: (of: string) => chat<{ message: Message }>('GET', message(of)),
  edit: (of: string, text: string) => chat<{ message: Message }>('PATCH', message(of), { text }),
  remove: (of: string) => chat('DELETE', message(of)),
  history: (of: string) => chat<{ edits: { number: number; text: string; at: number }[] }>('GET', `${message(of)}/history`),
  changes: (of: string, after: number) =>
    chat<{ changes: Event[]; has_more: boolean; reset?: boolean }>('GET', `${room(of)}/changes`, undefined, { after, limit: 200 }),
  react: (of: string, emoji: string, on: boolean) => chat(on ? 'PUT' : 'DELETE', `${message(of)}/reactions/${id(emoji)}`),

  replies: (of: string, where: { before?: number; after?: number } = {}, limit = 50) =>
    chat<Page>('GET', `${message(of)}/replies`, undefined, { ...where, limit }),
  threads: (unread: boolean, cursor?: string) =>
    chat<{ threads: Thread[]; users?: User[]; cursor?: string }>('GET', 'threads', undefined, { unread: unread ? 1 : undefined, cursor }),
  follow: (of: string, on: boolean) => chat(on ? 'PUT' : 'DELETE', `${message(of)}/follow`),
  readThread: (of: string, seq: number) => chat('POST', `${message(of)}/read`, { seq }),

  read: (of: string, seq: number) => chat<{ membership: Membership }>('POST', `${room(of)}/read`, { seq }),
  unread: (of: string, seq: number) => chat<{ membership: Membership }>('POST', `${room(of)}/unread`, { seq }),
  receipts: (of: string) => chat<{ receipts: { user_id: string; read_seq: number }[] }>('GET', `${room(of)}/receipts`),
  typing: (of: string, thread?: string) => chat('POST', `${room(of)}/typing`, thread ? { thread_id: thread } : {}),
  pin: (of: string, messageId: string, on: boolean) => chat(on ? 'PUT' : 'DELETE', `${room(of)}/pins/${id(messageId)}`),
  pins: (of: string) => chat<{ messages: Message[]; users?: User[] }>('GET', `${room(of)}/pins`),
  setLevel: (of: string, level: Level) => chat('PUT', `${room(of)}/notifications`, { level }),
  star: (of: string, on: boolean) => chat(on ? 'PUT' : 'DELETE', `${room(of)}/star`),
  draft: (of: string, text: string) => chat('PUT', `${room(of)}/draft`, { text }),

  search: (q: string, cursor?: string) => chat<{ hits: Hit[]; users?: User[]; cursor?: string }>('GET', 'search/messages', undefined, { q, cursor, limit: 30 }),
  users: (query: string, limit = 20) => chat<{ users: User[]; cursor?: string }>('GET', 'users', undefined, { query, limit }),
  usersById: (ids: string[]) => chat<{ users: User[] }>('GET', 'users', undefined, { ids: ids.join(','), limit: ids.length }),
  setStatus: (status: Status | { emoji: ''; text: ''; until: null }) => chat('PUT', 'users/me/status', status),
  setPresence: (state: Presence) => chat('PUT', 'users/me/presence', { state }),

  /** A file that was uploaded and not sent. */
  takeBack: (attachment: string) => chat('DELETE', `files/${id(attachment)}`),
};

/** Sends the raw bytes; `progress` from 0 to 1. */
export function upload(roomId: string, file: File, progress: (part: number) => void, stop: AbortSignal): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', at(withQuery(`chat/v1/${room(roomId)}/files`, { name: file.name || 'image.png' })));
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, 'offline', 'The server cannot be reached.'));
    request.onabort = () => reject(new ApiError(0, 'aborted', 'Stopped.'));
    request.onload = async () => {
      if (request.status < 300) resolve((JSON.parse(request.responseText) as { attachment: Attachment }).attachment);
      else reject(await errorOf(new Response(request.responseText, { status: request.status })));
    };
    stop.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
