// What all of the page knows: who one is, the people, the rooms, and whether the server is there.
import { computed, signal } from '@preact/signals';
import { type Rooms, titleOf, totals } from '../model/rooms';
import type { Presence, Room, Sync, User } from '../model/types';

export type Stage = 'loading' | 'signed-out' | 'ready' | 'failed';
export type Link = 'connecting' | 'online' | 'offline';

export const stage = signal<Stage>('loading');
export const link = signal<Link>('connecting');
/** The page was connected before: a lost connection is told of, the first one is not. */
export const wasOnline = signal(false);
export const failure = signal<Error | undefined>(undefined);

export const me = signal<User>({ id: '', name: '', username: '', role: 'member' });
export const users = signal<ReadonlyMap<string, User>>(new Map());
export const rooms = signal<Rooms>(new Map());
export const presence = signal<ReadonlyMap<string, Presence>>(new Map());
export const limits = signal<Sync['limits']>({ text_max: 4000, upload_bytes_max: 0, typing_interval_ms: 3000 });
/** The server's clock less this device's. */
export const clockSkew = signal(0);
/** Ticks each half minute: what is shown relative to now. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 30_000);

export const unreadTotals = computed(() => totals(rooms.value));
export const isAdmin = computed(() => me.value.role === 'owner' || me.value.role === 'admin');

const NOBODY: User = { id: '', name: 'Somebody', username: 'somebody', role: 'guest' };
export const userOf = (id: string): User => users.value.get(id) ?? { ...NOBODY, id };
export const presenceOf = (id: string): Presence => presence.value.get(id) ?? 'offline';
export const title = (room: Room): string => titleOf(room, users.value, me.value.id);
export const userByName = computed(() => new Map([...users.value.values()].map((user) => [user.username.toLowerCase(), user])));

export function learn(people: readonly User[] | undefined): void {
  const news = (people ?? []).filter((user) => users.value.get(user.id) !== user);
  if (news.length === 0) return;
  const all = new Map(users.value);
  for (const user of news) all.set(user.id, user);
  users.value = all;
  const own = all.get(me.value.id);
  if (own) me.value = { ...me.value, ...own };
}

export function putRoom(room: Room): void {
  const known = rooms.value.get(room.id);
  rooms.value = new Map(rooms.value).set(room.id, { ...room, membership: room.membership ?? known?.membership ?? null });
}

export function dropRoom(id: string): void {
  const rest = new Map(rooms.value);
  if (rest.delete(id)) rooms.value = rest;
}

export const isDirect = (room: Room): boolean => room.type === 'direct' || room.type === 'group';

/** Whether one may write there, and otherwise why not. */
export function mayPost(room: Room): { may: boolean; why: string } {
  const role = room.membership?.role;
  if (room.archived_at) return { may: false, why: 'This room is archived. It can be read, and found by search.' };
  if (!role) return { may: false, why: 'You are looking at this room from outside.' };
  if (role === 'readonly') return { may: false, why: 'You can read here, but not write.' };
  const until = room.membership?.muted_until ?? 0;
  if (until > now.value + clockSkew.value) return { may: false, why: 'You are muted in this room for a while.' };
  const moderates = role === 'owner' || role === 'moderator' || isAdmin.value;
  if ((room.type === 'broadcast' || room.settings?.who_can_post === 'moderators') && !moderates) {
    return { may: false, why: 'Only moderators write here.' };
  }
  return { may: true, why: '' };
}

export const moderates = (room: Room): boolean =>
  room.membership?.role === 'owner' || room.membership?.role === 'moderator' || (isAdmin.value && !isDirect(room));

const asked = new Set<string>();
const waiting: string[] = [];
const TOGETHER_MAX = 100;

/** People that a message names and nobody has told of yet are asked for together. */
export function wonder(id: string, load: (ids: string[]) => Promise<{ users: User[] }>): void {
  if (id === '' || users.value.has(id) || asked.has(id)) return;
  asked.add(id);
  if (waiting.push(id) === 1) setTimeout(() => askAll(load), 30);
}

function askAll(load: (ids: string[]) => Promise<{ users: User[] }>): void {
  while (waiting.length > 0) {
    const ids = waiting.splice(0, TOGETHER_MAX);
    load(ids).then(({ users: found }) => learn(found), () => ids.forEach((each) => asked.delete(each)));
  }
}
