// The rooms that are open: what is loaded of each, its channel, and how a gap in it is closed.
//
// The newest few stay subscribed, so that going back to one of them shows it at once.
import { signal } from '@preact/signals';
import type { Subscription } from 'centrifuge';
import { applyToReplies, type ReplyLog, repliesOf, withOlderReplies, withReply, withReplyState } from '../model/reply_log';
import { apply, EMPTY_LOG, logOf, type RoomLog, withNewer, withOlder, withSent, withState } from '../model/room_log';
import { withMembership, withRoomEvent } from '../model/rooms';
import type { Event, Member, Message, Page, User } from '../model/types';
import { api, ApiError } from './api';
import { subscribe, unsubscribe } from './live';
import { memberTurn } from './moderation';
import { learn, me, putRoom, rooms } from './store';

const OPEN_MAX = 8;
const CHANGES_PAGES_MAX = 20;
const AGAIN_MS = 3000;
/** Larger rooms do not tell who has read. */
const RECEIPTS_MEMBERS_MAX = 100;

export interface OpenRoomHooks {
  created: (message: Message) => void;
}

export class OpenRoom {
  readonly log = signal<RoomLog>(EMPTY_LOG);
  readonly thread = signal<ReplyLog | undefined>(undefined);
  readonly state = signal<'loading' | 'ready' | 'failed'>('loading');
  readonly error = signal<Error | undefined>(undefined);
  /** Who writes now, and until when that is believed. */
  readonly typing = signal<ReadonlyMap<string, { until: number; thread: string | null }>>(new Map());
  readonly receipts = signal<ReadonlyMap<string, number>>(new Map());
  /** The line above what is unread: after this seq. */
  readonly unreadAfter = signal<number | undefined>(undefined);
  /** Counts loads that showed another part of the room, so that the list knows to scroll anew. */
  readonly shown = signal<{ turn: number; seq: number | 'end' | 'unread' }>({ turn: 0, seq: 'end' });
  private channel: Subscription | undefined;
  private live: Subscription | undefined;
  private early: Event[] = [];
  private closed = false;
  private catching: Promise<void> | undefined;
  private loading: Promise<void> | undefined;

  constructor(readonly id: string, private readonly hooks: OpenRoomHooks) {}

  /** Shows the part around `seq`, or what is unread, or the end. */
  async show(seq?: number): Promise<void> {
    const first = !this.channel;
    const membership = rooms.value.get(this.id)?.membership;
    const unread = (membership?.unread ?? 0) > 0;
    if (this.unreadAfter.value === undefined && unread) this.unreadAfter.value = membership?.read_seq;
    if (seq === undefined && !first && !this.log.value.moreAfter) return this.turnTo(unread ? 'unread' : 'end');
    if (seq !== undefined && this.log.value.messages.some((message) => message.seq === seq)) return this.turnTo(seq);
    const around = seq ?? (unread && first ? 'read' : undefined);
    await this.load(around === undefined ? {} : { around }, seq ?? (unread && first ? 'unread' : 'end'));
  }

  /** The newest messages, whatever is shown now. */
  async showEnd(): Promise<void> {
    if (!this.log.value.moreAfter) return this.turnTo('end');
    await this.load({}, 'end');
  }

  private turnTo(seq: number | 'end' | 'unread'): void {
    this.shown.value = { turn: this.shown.value.turn + 1, seq };
  }

  private async load(where: { around?: number | 'read' }, then: number | 'end' | 'unread'): Promise<void> {
    if (!this.channel) this.state.value = 'loading';
    await this.loading;
    await this.exclusive(async () => {
      const page = await api.messages(this.id, where);
      learn(page.users);
      this.log.value = logOf(page);
      this.state.value = 'ready';
      this.turnTo(then);
      if (!this.channel) this.follow(page);
    });
    if (!this.channel) this.state.value = 'failed';
  }

  private follow(page: Page): void {
    this.channel = subscribe(`chat:room/${this.id}`, page.stream, {
      publication: (event) => this.onEvent(event),
      missed: () => void this.catchUp(),
      failed: (error) => {
        this.error.value = error;
      },
    });
    const room = rooms.value.get(this.id);
    const settings = room?.settings;
    if (settings?.typing === false && settings.receipts === false) return;
    this.live = subscribe(`chat_live:room/${this.id}`, undefined, { publication: (event) => this.onLive(event) });
    if (settings?.receipts !== false && room?.membership && room.member_count <= RECEIPTS_MEMBERS_MAX) void this.loadReceipts();
  }

  private async loadReceipts(): Promise<void> {
    try {
      const { receipts } = await api.receipts(this.id);
      this.receipts.value = new Map(receipts.map(({ user_id, read_seq }) => [user_id, read_seq]));
    } catch {
      // A room without them says so; nothing is shown then.
    }
  }

  private onEvent(event: Event): void {
    if (this.catching || this.loading) {
      this.early.push(event);
      return;
    }
    if (this.take(event) === 'gap') {
      this.early.push(event);
      void this.catchUp();
    }
  }

  private take(event: Event): 'applied' | 'old' | 'gap' {
    if (Array.isArray(event.data.users)) learn(event.data.users as User[]);
    const { log, result } = apply(this.log.value, event);
    if (result !== 'applied') return result;
    this.log.value = log;
    if (this.thread.value) this.thread.value = applyToReplies(this.thread.value, event);
    rooms.value = withRoomEvent(rooms.value, event);
    if (event.type.startsWith('member.')) memberTurn.value++;
    const member = event.data.member as Member | undefined;
    if (event.type === 'member.updated' && member?.user_id === me.value.id) {
      rooms.value = withMembership(rooms.value, this.id, { role: member.role, muted_until: member.muted_until ?? null });
    }
    const message = event.data.message as Message | undefined;
    if (event.type === 'message.created' && message) {
      this.stopTyping(message.user_id);
      this.hooks.created(message);
    }
    return result;
  }

  /** Asks for what was missed; anew for all of it where that is too long ago. */
  catchUp(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.catching ??= this.missed().finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  private async missed(): Promise<void> {
    try {
      for (let page = 0; page < CHANGES_PAGES_MAX; page++) {
        const { changes, has_more, reset } = await api.changes(this.id, this.log.value.version);
        if (reset) return await this.anew();
        for (const event of changes) this.take(event);
        if (!has_more) {
          this.early = this.early.filter((event) => this.take(event) === 'gap');
          return;
        }
      }
      await this.anew();
    } catch (error) {
      if (error instanceof ApiError && error.passing) setTimeout(() => void this.catchUp(), AGAIN_MS);
      else this.error.value = error as Error;
    }
  }

  private async anew(): Promise<void> {
    const page = await api.messages(this.id, {});
    learn(page.users);
    this.log.value = logOf(page);
    this.early = this.early.filter((event) => this.take(event) === 'gap');
    this.turnTo('end');
    if (this.thread.value) await this.openThread(this.thread.value.root.id);
  }

  /** What came while the log was loaded. */
  private drain(): void {
    const early = this.early.sort((a, b) => a.version - b.version);
    this.early = early.filter((event) => this.take(event) === 'gap');
    if (this.early.length > 0) void this.catchUp();
  }

  async older(): Promise<void> {
    const first = this.log.value.messages[0];
    if (!first || !this.log.value.moreBefore) return;
    await this.exclusive(async () => {
      const page = await api.messages(this.id, { before: first.seq });
      learn(page.users);
      this.log.value = withOlder(this.log.value, page);
    });
  }

  async newer(): Promise<void> {
    const last = this.log.value.messages.at(-1);
    if (!last || !this.log.value.moreAfter) return;
    await this.exclusive(async () => {
      const page = await api.messages(this.id, { after: last.seq });
      learn(page.users);
      this.log.value = withNewer(this.log.value, page);
    });
  }

  /** One page at a time. Events wait for it, so that none is applied to what the page replaces. */
  private exclusive(load: () => Promise<void>): Promise<void> {
    if (this.loading) return this.loading;
    this.error.value = undefined;
    this.loading = load()
      .catch((error: Error) => {
        this.error.value = error;
      })
      .finally(() => {
        this.loading = undefined;
        this.drain();
      });
    return this.loading;
  }

  sent(message: Message): void {
    this.log.value = withSent(this.log.value, message);
    if (this.thread.value) this.thread.value = withReply(this.thread.value, message);
  }

  /** An answer that holds a newer state of a message, whose event is still on its way. */
  known(message: Message): void {
    this.log.value = withState(this.log.value, message);
    if (this.thread.value) this.thread.value = withReplyState(this.thread.value, message);
  }

  async openThread(rootId: string): Promise<void> {
    if (this.thread.value?.root.id !== rootId) this.thread.value = undefined;
    const loaded = this.log.value.messages.find(({ id }) => id === rootId);
    const root = loaded ?? (await api.message(rootId)).message;
    const page = await api.replies(rootId);
    learn(page.users);
    this.thread.value = repliesOf(this.log.value.messages.find(({ id }) => id === rootId) ?? root, page);
  }

  closeThread(): void {
    this.thread.value = undefined;
  }

  async olderReplies(): Promise<void> {
    const thread = this.thread.value;
    const first = thread?.replies[0];
    if (!thread || !first || !thread.moreBefore) return;
    const page = await api.replies(thread.root.id, { before: first.seq });
    learn(page.users);
    if (this.thread.value?.root.id === thread.root.id) this.thread.value = withOlderReplies(this.thread.value, page);
  }

  private onLive({ type, data }: Event): void {
    const user = data.user_id as string;
    if (type === 'typing.started' && user !== me.value.id) {
      this.typing.value = new Map(this.typing.value).set(user, { until: Date.now() + 6000, thread: (data.thread_id as string | null) ?? null });
      setTimeout(() => this.expireTyping(), 6100);
    }
    if (type === 'read.updated') {
      const seq = Math.max(this.receipts.value.get(user) ?? 0, data.read_seq as number);
      this.receipts.value = new Map(this.receipts.value).set(user, seq);
    }
  }

  private stopTyping(user: string): void {
    if (!this.typing.value.has(user)) return;
    const rest = new Map(this.typing.value);
    rest.delete(user);
    this.typing.value = rest;
  }

  private expireTyping(): void {
    const now = Date.now();
    const rest = new Map([...this.typing.value].filter(([, { until }]) => until > now));
    if (rest.size !== this.typing.value.size) this.typing.value = rest;
  }

  close(): void {
    this.closed = true;
    unsubscribe(this.channel);
    unsubscribe(this.live);
  }
}

const open = new Map<string, OpenRoom>();
export const current = signal<OpenRoom | undefined>(undefined);

let hooks: OpenRoomHooks = { created: () => {} };

export function setRoomHooks(of: OpenRoomHooks): void {
  hooks = of;
}

/** Opens a room and shows it. Throws an ApiError where there is none. */
export async function openRoom(id: string, seq?: number): Promise<void> {
  if (!rooms.value.has(id)) putRoom((await api.room(id)).room);
  let room = open.get(id);
  open.delete(id);
  room ??= new OpenRoom(id, hooks);
  open.set(id, room);
  if (open.size > OPEN_MAX) {
    const [oldest] = open.keys();
    closeRoom(oldest as string);
  }
  current.value = room;
  await room.show(seq);
}

export const openRoomOf = (id: string): OpenRoom | undefined => open.get(id);

export function closeRoom(id: string): void {
  open.get(id)?.close();
  open.delete(id);
  if (current.value?.id === id) current.value = undefined;
}

export function closeAllRooms(): void {
  for (const id of [...open.keys()]) closeRoom(id);
}
