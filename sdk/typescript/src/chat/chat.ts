// Chat, over the connection: its operations as calls, and what of it can be followed.
import { Followed, type Registry, type Source } from '../shared.js';
import type { Tidemill } from '../tidemill.js';
import { InboxSource, type InboxState, NOTHING } from './inbox.js';
import { type EventListener, Room } from './room.js';
import type { ChatEvent, Sync } from './types.js';

export class Chat {
  /** What is unread, and who is there. */
  readonly inbox: Followed<InboxState, InboxSource>;
  readonly #listeners = new Map<string, Set<EventListener>>();
  #me: Promise<string> | undefined;

  constructor(readonly rt: Tidemill, private readonly registry: Registry) {
    this.inbox = this.followed('inbox', () => new InboxSource(this), NOTHING);
  }

  /** A room; nothing is asked before it is followed or written to. */
  room(id: string): Room {
    return new Room(this, id);
  }

  /** Any operation of /chat/v1/openapi.json by its name, as `rooms.create`, with all its parameters in one object. */
  call<Answer>(operation: string, params: object = {}): Promise<Answer> {
    return this.rt.rpc<Answer>(`chat:${operation}`, params);
  }

  /** One's own id. */
  me(): Promise<string> {
    this.#me ??= this.call<Sync>('sync').then(({ me }) => me.id);
    this.#me.catch(() => {
      this.#me = undefined;
    });
    return this.#me;
  }

  /** @internal */
  followed<State, S extends Source<State>>(name: string, make: () => S, before: State): Followed<State, S> {
    return new Followed<State, S>(this.registry, `chat:${name}`, make, before);
  }

  /** @internal What is told of that room, by whoever follows it. */
  listen(room: string, listener: EventListener): () => void {
    const listeners = this.#listeners.get(room) ?? new Set();
    this.#listeners.set(room, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(room) === listeners) this.#listeners.delete(room);
    };
  }

  /** @internal */
  tell(event: ChatEvent): void {
    for (const listener of [...(this.#listeners.get(event.room_id) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        // Nobody else's events end with it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
