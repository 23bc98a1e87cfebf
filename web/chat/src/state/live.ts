// The realtime connection: the personal channel, that of all, and what they change.
//
// A subscription that could not be recovered has missed something: `lost` then runs, and asks for all of it anew.
import { Centrifuge, type PublicationContext, type Subscription, UnauthorizedError } from 'centrifuge';
import { withPersonalEvent } from '../model/rooms';
import type { Event, LastMessage, Presence, Room, StreamPosition, User } from '../model/types';
import { account, ApiError, at } from './api';
import { learn, link, me, presence, rooms, wasOnline } from './store';

let client: Centrifuge | undefined;

export interface LiveHooks {
  /** Something was missed. */
  lost: () => void;
  /** The server takes the token no longer: the session has ended, or the role is another one. */
  refused: () => void;
  /** Called before the event changes the list of rooms. */
  activity: (room: Room, last: LastMessage, mention: boolean) => void;
  personal: (event: Event) => void;
}

async function freshToken(): Promise<string> {
  try {
    return (await account.token()).token;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) throw new UnauthorizedError(error.message);
    throw error;
  }
}

export function connect(websocketPath: string, hooks: LiveHooks): Centrifuge {
  const address = at(websocketPath).replace(/^http/, 'ws');
  client = new Centrifuge(address, {
    getToken: freshToken,
    minReconnectDelay: 300,
    maxReconnectDelay: 10_000,
  });
  client.on('connecting', () => {
    link.value = wasOnline.value ? 'offline' : 'connecting';
  });
  client.on('disconnected', ({ code }) => {
    link.value = 'offline';
    if (code !== 0) hooks.refused();
  });
  client.on('connected', () => {
    link.value = 'online';
    wasOnline.value = true;
  });
  client.connect();
  return client;
}

export function disconnect(): void {
  client?.disconnect();
  client = undefined;
  wasOnline.value = false;
}

/** With a new token, after the old one was refused. */
export function reconnect(): void {
  client?.setToken('');
  client?.connect();
}

/** Tries at once instead of when its turn comes. */
export function retryNow(): void {
  if (!client || link.value === 'online') return;
  client.disconnect();
  client.connect();
}

export function subscribe(
  channel: string,
  position: StreamPosition | undefined,
  on: { publication: (event: Event) => void; missed?: () => void; failed?: (error: Error) => void },
): Subscription | undefined {
  if (!client) return undefined;
  const before = client.getSubscription(channel);
  if (before) {
    before.unsubscribe();
    client.removeSubscription(before);
  }
  const since = position && position.epoch ? { since: { offset: position.offset, epoch: position.epoch } } : {};
  const subscription = client.newSubscription(channel, since);
  subscription.on('publication', ({ data }: PublicationContext) => on.publication(data as Event));
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    // Without a position to begin at, nothing says what came before.
    if (!wasRecovering || !recovered) on.missed?.();
  });
  subscription.on('unsubscribed', ({ code, reason }) => {
    if (code !== 0) on.failed?.(new Error(reason));
  });
  subscription.subscribe();
  return subscription;
}

export function unsubscribe(subscription: Subscription | undefined): void {
  subscription?.unsubscribe();
  if (subscription) client?.removeSubscription(subscription);
}

export function followMyself(streams: readonly StreamPosition[], hooks: LiveHooks): void {
  const own = `chat:user/${encodeURIComponent(me.value.id)}`;
  const position = (channel: string) => streams.find((each) => each.channel === channel);
  subscribe(own, position(own), { publication: (event) => onPersonal(event, hooks), missed: hooks.lost });
  subscribe('chat:all', position('chat:all'), { publication: onAll, missed: hooks.lost });
}

function onPersonal(event: Event, hooks: LiveHooks): void {
  const { data } = event;
  if (Array.isArray(data.users)) learn(data.users as User[]);
  if (event.type === 'room.activity') {
    const id = event.room_id || (data.room_id as string);
    const room = rooms.value.get(id);
    const last = data.last_message as LastMessage | null;
    if (room && last && last.seq > (room.last_message?.seq ?? 0)) hooks.activity(room, last, data.mention === true);
  }
  rooms.value = withPersonalEvent(rooms.value, event, me.value.id);
  hooks.personal(event);
}

function onAll(event: Event): void {
  const { data } = event;
  if (event.type === 'user.updated') learn(data.users as User[]);
  if (event.type === 'presence.changed') {
    const changes = data.changes as { user_id: string; state: Presence }[];
    presence.value = new Map([...presence.value, ...changes.map(({ user_id, state }) => [user_id, state] as const)]);
  }
}
