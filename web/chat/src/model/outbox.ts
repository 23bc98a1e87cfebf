// Messages that are on their way: kept where a reload finds them, sent in order, again with the same client_msg_id
// until the server has answered. Sending twice makes no second message, so two tabs may both try.
import type { Attachment, Message } from './types';

export interface Draft {
  room_id: string;
  thread_id: string | null;
  text: string;
  attachments?: readonly Attachment[];
}

export interface Entry extends Draft {
  client_msg_id: string;
  created_at: number;
  state: 'waiting' | 'sending' | 'failed';
  /** Why it failed, for people. */
  error?: string;
}

/** The part of Storage that is used. */
export interface Shelf {
  keys(): string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export type Outcome = { kind: 'sent'; message?: Message } | { kind: 'later'; afterMs: number } | { kind: 'refused'; error: string };

export interface OutboxOptions {
  prefix: string;
  shelf: Shelf;
  send: (entry: Entry) => Promise<Outcome>;
  sent: (entry: Entry, message?: Message) => void;
  changed: (entries: readonly Entry[]) => void;
  later: (ms: number, run: () => void) => void;
  newId: () => string;
  now: () => number;
}

export class Outbox {
  private entries: readonly Entry[] = [];
  private readonly busy = new Set<string>();
  private ended = false;

  constructor(private readonly options: OutboxOptions) {}

  /** Takes up what an earlier page left. */
  restore(): void {
    const found: Entry[] = [];
    for (const key of this.options.shelf.keys()) {
      if (!key.startsWith(this.options.prefix)) continue;
      try {
        const entry = JSON.parse(this.options.shelf.get(key) ?? '') as Entry;
        if (typeof entry.client_msg_id === 'string') found.push(entry.state === 'failed' ? entry : { ...entry, state: 'waiting' });
      } catch {
        this.options.shelf.remove(key);
      }
    }
    this.show(found.sort((a, b) => a.created_at - b.created_at));
    this.flush();
  }

  add(draft: Draft): Entry {
    const { newId, now } = this.options;
    const last = this.entries.at(-1)?.created_at ?? 0;
    const entry: Entry = { ...draft, client_msg_id: newId(), created_at: Math.max(now(), last + 1), state: 'waiting' };
    this.keep(entry);
    this.show([...this.entries, entry]);
    this.flush();
    return entry;
  }

  retry(id: string): void {
    this.change(id, { state: 'waiting', error: undefined });
    this.flush();
  }

  discard(id: string): void {
    this.options.shelf.remove(this.options.prefix + id);
    this.show(this.entries.filter((entry) => entry.client_msg_id !== id));
  }

  /** Somebody else is signed in: what waits stays on the shelf, and is shown no more. */
  end(): void {
    this.ended = true;
  }

  /** Its event came, or another tab has sent it. */
  arrived(id: string): void {
    if (this.entries.some((entry) => entry.client_msg_id === id)) this.discard(id);
  }

  /** Sends what waits: the rooms side by side, the messages of a room one after another. */
  flush(): void {
    if (this.ended) return;
    const rooms = new Set(this.entries.filter(({ state }) => state === 'waiting').map(({ room_id }) => room_id));
    for (const room of rooms) if (!this.busy.has(room)) void this.sendAll(room);
  }

  private async sendAll(room: string): Promise<void> {
    this.busy.add(room);
    let pause = 0;
    for (;;) {
      const entry = this.entries.find(({ room_id, state }) => room_id === room && state === 'waiting');
      if (!entry || this.ended) break;
      pause = await this.sendOne(entry);
      if (pause > 0) break;
    }
    this.busy.delete(room);
    if (pause > 0) this.options.later(pause, () => this.flush());
  }

  /** 0: go on with the next one; otherwise how long to wait before it is tried again. */
  private async sendOne(entry: Entry): Promise<number> {
    const id = entry.client_msg_id;
    this.change(id, { state: 'sending' });
    const outcome = await this.options.send(entry);
    if (outcome.kind === 'later') {
      this.change(id, { state: 'waiting' });
      return Math.max(1, outcome.afterMs);
    }
    if (outcome.kind === 'refused') {
      this.change(id, { state: 'failed', error: outcome.error });
      return 0;
    }
    this.options.sent(entry, outcome.message);
    this.arrived(id);
    return 0;
  }

  private change(id: string, change: Partial<Entry>): void {
    const entry = this.entries.find(({ client_msg_id }) => client_msg_id === id);
    if (!entry) return;
    const next = { ...entry, ...change };
    // "sending" is of this page only: another one starts with "waiting".
    if (next.state !== 'sending') this.keep(next);
    this.show(this.entries.map((each) => (each === entry ? next : each)));
  }

  private keep(entry: Entry): void {
    this.options.shelf.set(this.options.prefix + entry.client_msg_id, JSON.stringify(entry));
  }

  private show(entries: readonly Entry[]): void {
    this.entries = entries;
    if (!this.ended) this.options.changed(entries);
  }
}
