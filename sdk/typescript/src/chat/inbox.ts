// What is unread in one's rooms, and who is there: read once, then kept current by the personal channel and that of all.
import type { Subscription } from 'centrifuge';
import { errorOf, TidemillError } from '../errors.js';
import type { Status } from '../live.js';
import type { Source } from '../shared.js';
import type { Chat } from './chat.js';
import type { ChatEvent, ChatRoom, Presence, StreamPosition, Sync } from './types.js';

export interface Unread {
  /** Root messages of others. */
  readonly unread: number;
  readonly mentions: number;
}

export interface InboxState extends Unread {
  readonly status: Status;
  /** Of all one's rooms, by id. */
  readonly rooms: ReadonlyMap<string, ChatRoom>;
  /** Of those who are connected, by id. */
  readonly presence: ReadonlyMap<string, Presence>;
  readonly error?: TidemillError;
}

export const NOTHING: InboxState = { status: 'loading', rooms: new Map(), presence: new Map(), unread: 0, mentions: 0 };

type Rooms = ReadonlyMap<string, ChatRoom>;

function withUnread(rooms: Rooms, id: string, change: (room: ChatRoom) => Partial<ChatRoom> & Partial<Unread>): Rooms {
  const room = rooms.get(id);
  if (!room?.membership) return rooms;
  const { unread = room.membership.unread, mentions = room.membership.mentions, ...rest } = change(room);
  return new Map(rooms).set(id, { ...room, ...rest, membership: { ...room.membership, unread, mentions } });
}

/**
 * What an event of the personal channel does to one's rooms. The server counted `unread` when a room had `root_count`
 * messages, so each further one is unread too; that one's own are not is told by `unread.updated`.
 */
export function withEvent(rooms: Rooms, { type, room_id, data }: ChatEvent, me: string): Rooms {
  const id = room_id || (data.room_id as string);
  switch (type) {
    case 'room.activity': {
      const { last_seq, root_count, mention, last_message } = data as {
        last_seq: number; root_count: number; mention: boolean; last_message: { user_id: string } | null;
      };
      const isOwn = last_message?.user_id === me;
      return withUnread(rooms, id, ({ last_seq: seq, root_count: count, membership }) => {
        if (!membership || last_seq < seq) return {};
        const more = isOwn ? 0 : Math.max(0, root_count - count);
        return { last_seq, root_count, unread: membership.unread + more, mentions: membership.mentions + (mention && !isOwn ? 1 : 0) };
      });
    }
    case 'unread.updated':
      return withUnread(rooms, id, () => ({ unread: data.unread as number, mentions: data.mentions as number }));
    case 'member.added':
    case 'room.created': {
      const room = data.room as ChatRoom | undefined;
      return room?.membership ? new Map(rooms).set(room.id, room) : rooms;
    }
    case 'member.removed':
    case 'room.deleted': {
      const rest = new Map(rooms);
      return rest.delete(id) ? rest : rooms;
    }
    default:
      return rooms;
  }
}

const AGAIN_MS = 1000;

export class InboxSource implements Source<InboxState> {
  state = NOTHING;
  #me = '';
  #subscriptions: Subscription[] = [];
  #syncing: Promise<void> | undefined;
  /** Rooms whose marker has moved since their `root_count` was told: what is unread is then asked for. */
  readonly #uncounted = new Set<string>();
  #stopped = false;
  #changed: () => void = () => {};

  constructor(private readonly chat: Chat) {}

  start(changed: () => void): void {
    this.#changed = changed;
    this.chat.rt.client.on('connecting', this.#onConnecting);
    this.chat.rt.client.on('disconnected', this.#onDisconnected);
    void this.#sync();
  }

  stop(): void {
    this.#stopped = true;
    const { client } = this.chat.rt;
    client.off('connecting', this.#onConnecting);
    client.off('disconnected', this.#onDisconnected);
    for (const each of this.#subscriptions) {
      each.unsubscribe();
      client.removeSubscription(each);
    }
  }

  #onConnecting = (): void => {
    if (this.state.status === 'live') this.#set({ status: 'stale' });
  };

  #onDisconnected = ({ code, reason }: { code: number; reason: string }): void =>
    this.#set({ status: 'error', error: new TidemillError(reason, code) });

  #sync(): Promise<void> {
    this.#syncing ??= this.#readAll().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #readAll(): Promise<void> {
    while (!this.#stopped) {
      try {
        const all = await this.chat.call<Sync>('sync');
        if (this.#stopped) return;
        this.#me = all.me.id;
        this.#uncounted.clear();
        this.#set({ status: 'live', rooms: new Map(all.rooms.map((room) => [room.id, room])), presence: new Map(Object.entries(all.presence)) });
        if (this.#subscriptions.length === 0) this.#follow(all.streams);
        return;
      } catch (thrown) {
        const error = errorOf(thrown);
        this.#set({ status: error.passing ? this.state.status : 'error', error });
        if (!error.passing) return;
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs || AGAIN_MS));
      }
    }
  }

  #follow(streams: readonly StreamPosition[]): void {
    for (const { channel, offset, epoch } of streams) {
      const subscription = this.chat.rt.client.newSubscription(channel, { since: { offset, epoch } });
      subscription.on('publication', ({ data }) => this.#take(data as ChatEvent));
      subscription.on('subscribed', ({ wasRecovering, recovered }) => {
        if (!wasRecovering || !recovered) void this.#sync();
        else if (this.state.status === 'stale') this.#set({ status: 'live' });
      });
      subscription.on('unsubscribed', ({ code, reason }) => {
        if (!this.#stopped) this.#set({ status: 'error', error: new TidemillError(reason, code) });
      });
      subscription.subscribe();
      this.#subscriptions.push(subscription);
    }
  }

  #take(event: ChatEvent): void {
    if (event.type === 'resync') return void this.#sync();
    if (event.type === 'presence.changed') {
      const presence = new Map(this.state.presence);
      for (const { user_id, state } of event.data.changes as { user_id: string; state: Presence }[]) {
        if (state === 'offline') presence.delete(user_id);
        else presence.set(user_id, state);
      }
      return this.#set({ presence });
    }
    const id = event.room_id || (event.data.room_id as string);
    if (event.type === 'unread.updated') this.#uncounted.add(id);
    if (event.type === 'room.activity' && this.#uncounted.has(id)) return void this.#count(id);
    const rooms = withEvent(this.state.rooms, event, this.#me);
    if (rooms !== this.state.rooms) this.#set({ rooms });
  }

  async #count(id: string): Promise<void> {
    this.#uncounted.delete(id);
    try {
      const { room } = await this.chat.call<{ room: ChatRoom }>('rooms.get', { room_id: id });
      const known = this.state.rooms.get(id);
      if (!known || !room.membership) return;
      if (room.last_seq < known.last_seq) this.#uncounted.add(id);
      this.#set({ rooms: new Map(this.state.rooms).set(id, room) });
    } catch {
      this.#uncounted.add(id);
    }
  }

  #set(change: { status?: Status; rooms?: Rooms; presence?: InboxState['presence']; error?: TidemillError }): void {
    if (this.#stopped) return;
    const { error: _, ...before } = this.state;
    const next = { ...before, ...change };
    let [unread, mentions] = [0, 0];
    for (const { membership } of next.rooms.values()) {
      unread += membership?.unread ?? 0;
      mentions += membership?.mentions ?? 0;
    }
    this.state = { ...next, unread, mentions };
    this.#changed();
  }
}
