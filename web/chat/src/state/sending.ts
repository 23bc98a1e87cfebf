// Sends messages: at once in the page, in order to the server, again after it was away.
import { effect, signal } from '@preact/signals';
import { type Entry, Outbox, type Outcome } from '../model/outbox';
import type { Attachment } from '../model/types';
import { api, ApiError } from './api';
import { openRoomOf } from './open_rooms';
import { link, me, now, clockSkew } from './store';
import { shelf } from './storage';

export const pending = signal<readonly Entry[]>([]);

const RETRY_MS = 3000;
let outbox: Outbox | undefined;
let ended: () => void = () => {};

async function send(entry: Entry): Promise<Outcome> {
  const body = { text: entry.text, client_msg_id: entry.client_msg_id, thread_id: entry.thread_id ?? undefined, attachment_ids: entry.attachments?.map(({ id }) => id) };
  try {
    return { kind: 'sent', message: (await api.send(entry.room_id, body)).message };
  } catch (error) {
    // The answer was cut off, or is none of this server's.
    if (!(error instanceof ApiError)) return { kind: 'later', afterMs: RETRY_MS };
    // Signed out: it waits for whoever signs in again.
    if (error.status === 401) return { kind: 'later', afterMs: 60_000 };
    if (error.passing) return { kind: 'later', afterMs: error.retryAfterMs || RETRY_MS };
    return { kind: 'refused', error: error.message };
  }
}

const prefixOf = (user: string) => `tidemill-chat:out:${user}:`;

export function startSending(): void {
  stopSending();
  const prefix = prefixOf(me.value.id);
  outbox = new Outbox({
    prefix,
    shelf,
    send,
    sent: (entry, message) => {
      // A slash command may leave no message.
      if (message) openRoomOf(entry.room_id)?.sent(message);
    },
    changed: (entries) => {
      pending.value = entries;
    },
    later: (ms, run) => setTimeout(run, ms),
    newId: () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    now: () => Date.now() + clockSkew.value,
  });
  outbox.restore();
  const onStorage = ({ key, newValue }: StorageEvent) => {
    if (key?.startsWith(prefix) && newValue === null) outbox?.arrived(key.slice(prefix.length));
  };
  addEventListener('storage', onStorage);
  const stop = effect(() => {
    if (link.value === 'online') outbox?.flush();
  });
  ended = () => {
    removeEventListener('storage', onStorage);
    stop();
  };
}

export function stopSending(): void {
  ended();
  outbox?.end();
  outbox = undefined;
  pending.value = [];
}

export function post(roomId: string, text: string, threadId: string | null, attachments: readonly Attachment[] = []): Entry | undefined {
  now.value = Date.now();
  return outbox?.add({ room_id: roomId, thread_id: threadId, text, attachments: attachments.length > 0 ? attachments : undefined });
}

export const retry = (id: string): void => outbox?.retry(id);
export const discard = (id: string): void => outbox?.discard(id);
/** The event of one's own message may come before the answer. */
export const arrived = (id: string | undefined): void => {
  if (id) outbox?.arrived(id);
};
