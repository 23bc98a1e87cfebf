// A room: its newest messages, kept current without a gap; sends that are there once, however often they are tried.
//
// A page of messages says at which position of the room's channel it was read, and the channel is followed from there.
// Every change has the room's next version: one that is not the next, or a channel that could not be recovered, has the
// changes asked for that were missed; where the server keeps them no more, the page is read anew.
import type { Subscription } from 'centrifuge';
import { errorOf, TidemillError } from '../errors.js';
import type { Status } from '../live.js';
import { Followed, type Source } from '../shared.js';
import type { Chat } from './chat.js';
import { apply, EMPTY, type Log, logOf, withOlder } from './log.js';
import type { ChatEvent, Message, Page } from './types.js';

export interface RoomState {
  readonly status: Status;
  readonly messages: readonly Message[];
  /** There are older ones: `loadOlder`. */
  readonly hasMore: boolean;
  readonly error?: TidemillError;
}

export interface SendOptions {
  /** The root message that it replies to. */
  thread?: string;
  /** Made up unless given. Sent again under the same one it is the same message. */
  clientMsgId?: string;
  metadata?: Record<string, unknown>;
  /** How long it is tried; 60,000. */
  timeoutMs?: number;
}

export type EventListener = (event: ChatEvent) => void;

const PAGE = 50;
const CHANGES = 200;
const AGAIN_MS = 500;
const SEND_MS = 60_000;
const TYPING_MS = 6000;

const LOADING: RoomState = { status: 'loading', messages: [], hasMore: false };
const NOBODY: readonly string[] = [];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Its methods may be called without following it. */
export class Room {
  readonly messages: Followed<RoomState, RoomSource>;
  /** Ids of those who write just now, without oneself. */
  readonly typing: Followed<readonly string[]>;

  constructor(private readonly chat: Chat, readonly id: string) {
    this.messages = chat.followed(`messages:${id}`, () => new RoomSource(chat, id), LOADING);
    this.typing = chat.followed(`typing:${id}`, () => new TypingSource(chat, id), NOBODY);
  }

  /**
   * `room.page` with the newest messages (`data.messages`), then every change of the room, in order, each once. Another
   * `room.page` says that more was missed than the server keeps: it takes the place of what is known. Follows until the
   * function that it gives is called.
   */
  onEvent(listener: EventListener): () => void {
    const end = this.messages.subscribe(() => {});
    const page = this.messages.source?.page();
    if (page) listener(page);
    const off = this.chat.listen(this.id, listener);
    return () => {
      off();
      end();
    };
  }

  /** Is there when the promise is done. What may have been lost on the way is sent again, and is there once. */
  async send(text: string, options: SendOptions = {}): Promise<Message> {
    const { thread, clientMsgId = newId(), metadata, timeoutMs = SEND_MS } = options;
    const params = { room_id: this.id, text, client_msg_id: clientMsgId, thread_id: thread, metadata };
    const until = Date.now() + timeoutMs;
    for (;;) {
      try {
        return (await this.chat.call<{ message: Message }>('messages.send', params)).message;
      } catch (thrown) {
        const error = errorOf(thrown);
        const wait = error.retryAfterMs || AGAIN_MS;
        if (!error.passing || Date.now() + wait > until) throw error;
        await pause(wait);
      }
    }
  }

  async edit(messageId: string, text: string): Promise<Message> {
    return (await this.chat.call<{ message: Message }>('messages.edit', { message_id: messageId, text })).message;
  }

  async delete(messageId: string): Promise<void> {
    await this.chat.call('messages.delete', { message_id: messageId });
  }

  async react(messageId: string, emoji: string, on = true): Promise<void> {
    await this.chat.call(on ? 'reactions.add' : 'reactions.remove', { message_id: messageId, emoji });
  }

  /** Up to this message. */
  async markRead(seq: number): Promise<void> {
    await this.chat.call('read', { room_id: this.id, seq });
  }

  /** Says that one writes; again every few seconds while one does. */
  async sayTyping(thread?: string): Promise<void> {
    await this.chat.call('typing', { room_id: this.id, thread_id: thread });
  }

  /** A page of older messages, for who follows `messages`. */
  async loadOlder(): Promise<void> {
    await this.messages.source?.loadOlder();
  }
}

const newId = (): string => globalThis.crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

export class RoomSource implements Source<RoomState> {
  state = LOADING;
  #log: Log = EMPTY;
  #loaded = false;
  /** The newest version that was heard of. */
  #seen = 0;
  #catching: Promise<void> | undefined;
  #older: Promise<void> | undefined;
  #subscription: Subscription | undefined;
  #changed: () => void = () => {};
  #stopped = false;

  constructor(private readonly chat: Chat, private readonly id: string) {}

  start(changed: () => void): void {
    this.#changed = changed;
    const { client } = this.chat.rt;
    client.on('disconnected', this.#onDisconnected);
    const subscription = client.newSubscription(`chat:room/${this.id}`, { getState: () => this.#position() });
    this.#subscription = subscription;
    subscription.on('publication', ({ data }) => this.#take(data as ChatEvent));
    subscription.on('subscribed', () => this.#set('live'));
    subscription.on('subscribing', () => {
      if (this.state.status !== 'loading') this.#set(this.state.status === 'error' && !this.#loaded ? 'loading' : 'stale');
    });
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (!this.#stopped && this.state.status !== 'error') this.#set('error', new TidemillError(reason, code));
    });
    subscription.on('error', ({ error }) => {
      if (this.state.status !== 'live' && this.state.status !== 'error') this.#set(this.state.status, errorOf(error));
    });
    subscription.subscribe();
    this.chat.rt.connect();
  }

  stop(): void {
    this.#stopped = true;
    const { client } = this.chat.rt;
    client.off('disconnected', this.#onDisconnected);
    this.#subscription?.unsubscribe();
    if (this.#subscription) client.removeSubscription(this.#subscription);
  }

  loadOlder(): Promise<void> {
    const first = this.#log.messages[0];
    if (!first || !this.#log.hasMore) return Promise.resolve();
    this.#older ??= this.#page({ before: first.seq })
      .then((page) => {
        this.#log = withOlder(this.#log, page);
        this.#set(this.state.status, this.state.error);
      })
      .finally(() => {
        this.#older = undefined;
      });
    return this.#older;
  }

  #onDisconnected = ({ code, reason }: { code: number; reason: string }): void => this.#set('error', new TidemillError(reason, code));

  #page(where: { before?: number } = {}): Promise<Page> {
    return this.chat.call<Page>('messages.list', { room_id: this.id, limit: PAGE, ...where });
  }

  /** Where the channel is to be followed from: at first, and when it could not be recovered. */
  async #position(): Promise<{ offset: number; epoch: string }> {
    try {
      const page = await this.#page();
      if (!this.#loaded || page.version < this.#log.version) this.#load(page);
      else if (page.version > this.#log.version) {
        this.#seen = page.version;
        await this.#catchUp();
      }
      return page.stream;
    } catch (thrown) {
      const error = errorOf(thrown);
      if (!error.passing && !this.#stopped) {
        this.#set('error', error);
        this.#subscription?.unsubscribe();
      }
      throw error;
    }
  }

  /** What is loaded, as an event; undefined: nothing yet. */
  page(): ChatEvent | undefined {
    const { messages, version } = this.#log;
    return this.#loaded ? { type: 'room.page', room_id: this.id, version, ts: Date.now(), data: { messages } } : undefined;
  }

  #load(page: Page): void {
    this.#log = logOf(page);
    this.#loaded = true;
    this.#seen = page.version;
    this.#set(this.state.status);
    this.chat.tell(this.page() as ChatEvent);
  }

  #take(event: ChatEvent): void {
    this.#seen = Math.max(this.#seen, event.version);
    if (!this.#catching && this.#apply(event) === 'gap') void this.#catchUp();
  }

  #apply(event: ChatEvent): 'applied' | 'old' | 'gap' {
    const log = apply(this.#log, event);
    if (typeof log === 'string') return log;
    this.#log = log;
    this.#set(this.state.status, this.state.error);
    this.chat.tell(event);
    return 'applied';
  }

  /** Asks for what was missed, and for what comes meanwhile. */
  #catchUp(): Promise<void> {
    this.#catching ??= this.#missed().finally(() => {
      this.#catching = undefined;
    });
    return this.#catching;
  }

  async #missed(): Promise<void> {
    while (!this.#stopped && this.#log.version < this.#seen) {
      try {
        const after = this.#log.version;
        const params = { room_id: this.id, after, limit: CHANGES };
        const { changes, reset } = await this.chat.call<{ changes: ChatEvent[]; reset: boolean }>('changes', params);
        if (reset) this.#load(await this.#page());
        for (const event of changes) this.#apply(event);
        if (this.#log.version === after) this.#seen = after; // There is nothing that could be missing.
      } catch (thrown) {
        const error = errorOf(thrown);
        if (!error.passing) return this.#set('error', error);
        await pause(error.retryAfterMs || AGAIN_MS);
      }
    }
  }

  #set(status: Status, error?: TidemillError): void {
    const { messages, hasMore } = this.#log;
    const { state } = this;
    if (state.status === status && state.messages === messages && state.hasMore === hasMore && state.error === error) return;
    this.state = error ? { status, messages, hasMore, error } : { status, messages, hasMore };
    if (!this.#stopped) this.#changed();
  }
}

class TypingSource implements Source<readonly string[]> {
  state = NOBODY;
  readonly #until = new Map<string, ReturnType<typeof setTimeout>>();
  #subscription: Subscription | undefined;
  #changed: () => void = () => {};
  #off: () => void = () => {};

  constructor(private readonly chat: Chat, private readonly id: string) {}

  start(changed: () => void): void {
    this.#changed = changed;
    this.#off = this.chat.listen(this.id, ({ type, data }) => {
      if (type === 'message.created') this.#stopped((data.message as Message).user_id);
    });
    this.#subscription = this.chat.rt.client.newSubscription(`chat_live:room/${this.id}`);
    this.#subscription.on('publication', async ({ data: { type, data } }) => {
      if (type === 'typing.started' && data.user_id !== (await this.chat.me())) this.#started(data.user_id);
    });
    this.#subscription.subscribe();
    this.chat.rt.connect();
  }

  stop(): void {
    this.#off();
    for (const timer of this.#until.values()) clearTimeout(timer);
    this.#subscription?.unsubscribe();
    if (this.#subscription) this.chat.rt.client.removeSubscription(this.#subscription);
  }

  #started(user: string): void {
    clearTimeout(this.#until.get(user));
    this.#until.set(user, setTimeout(() => this.#stopped(user), TYPING_MS));
    this.#set();
  }

  #stopped(user: string): void {
    clearTimeout(this.#until.get(user));
    if (this.#until.delete(user)) this.#set();
  }

  #set(): void {
    if (this.state.length === this.#until.size && this.state.every((user) => this.#until.has(user))) return;
    this.state = [...this.#until.keys()];
    this.#changed();
  }
}
