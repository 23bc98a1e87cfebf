// The messages of one room that are loaded: one stretch without holes, kept current by the room's events.
//
// A log is a value: what changes it gives a new one. `version` counts the changes of the room that are in it; an event
// that is not the next one says that some were missed, and the caller asks the server for them.
import type { Event, Message, Page, Reaction } from './types';

export interface RoomLog {
  /** Root messages, ascending by seq. */
  readonly messages: readonly Message[];
  readonly version: number;
  readonly moreBefore: boolean;
  /** Newer ones exist than those that are loaded. */
  readonly moreAfter: boolean;
}

export const EMPTY_LOG: RoomLog = { messages: [], version: 0, moreBefore: false, moreAfter: false };

export type Applied = 'applied' | 'old' | 'gap';

export function logOf(page: Page): RoomLog {
  return {
    messages: page.messages.filter((message) => message.thread_id === null),
    version: page.version,
    moreBefore: page.has_more_before,
    moreAfter: page.has_more_after,
  };
}

/** Where a seq stands, or would stand. */
export function placeOf(messages: readonly Message[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle] as Message).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a message where its seq belongs. Of two states of the same message the later one stays. */
export function withMessage(messages: readonly Message[], message: Message): readonly Message[] {
  const place = placeOf(messages, message.seq);
  const before = messages[place];
  if (before?.id === message.id) {
    if (before.version > message.version) return messages;
    return [...messages.slice(0, place), message, ...messages.slice(place + 1)];
  }
  return [...messages.slice(0, place), message, ...messages.slice(place)];
}

export function merged(messages: readonly Message[], others: readonly Message[]): readonly Message[] {
  return others.reduce(withMessage, messages);
}

const KEPT_MAX = 300;

/** A page of older messages before the stretch. What is far below leaves, so that a long walk costs no more than a short one. */
export function withOlder(log: RoomLog, page: Page): RoomLog {
  const older = logOf(page);
  const messages = merged(log.messages, older.messages);
  const kept = messages.slice(0, KEPT_MAX);
  return { ...log, messages: kept, moreBefore: older.moreBefore, moreAfter: log.moreAfter || kept.length < messages.length };
}

export function withNewer(log: RoomLog, page: Page): RoomLog {
  const newer = logOf(page);
  const messages = merged(log.messages, newer.messages);
  const kept = messages.slice(-KEPT_MAX);
  return { ...log, messages: kept, moreAfter: newer.moreAfter, moreBefore: log.moreBefore || kept.length < messages.length };
}

/** A page may have been read later than the event was made: what is newer stays. */
function changed(log: RoomLog, id: string, version: number, change: (message: Message) => Message): RoomLog {
  const place = log.messages.findIndex((message) => message.id === id);
  if (place < 0 || (log.messages[place] as Message).version > version) return log;
  const messages = [...log.messages];
  messages[place] = change(messages[place] as Message);
  return { ...log, messages };
}

/** A newer state of a message, if it is loaded. */
export function withState(log: RoomLog, message: Message): RoomLog {
  return log.messages.some(({ id }) => id === message.id) ? { ...log, messages: withMessage(log.messages, message) } : log;
}

/** What an event does to the messages of the log, whatever its version. */
function reduced(log: RoomLog, event: Event): RoomLog {
  const { data, version } = event;
  switch (event.type) {
    case 'message.created':
    case 'message.updated':
    case 'message.deleted': {
      const message = data.message as Message;
      if (message.thread_id !== null) return log;
      if (event.type !== 'message.created' || log.moreAfter) return withState(log, message);
      return { ...log, messages: withMessage(log.messages, message) };
    }
    case 'reaction.added':
    case 'reaction.removed':
      return changed(log, data.message_id as string, version, (message) => ({ ...message, reactions: data.reactions as Reaction[], version }));
    case 'pin.added':
    case 'pin.removed':
      return changed(log, data.message_id as string, version, (message) => ({ ...message, pinned: event.type === 'pin.added', version }));
    case 'thread.updated':
      return changed(log, data.message_id as string, version, (message) => ({
        ...message,
        reply_count: data.reply_count as number,
        last_reply_at: data.last_reply_at as number | null,
        reply_user_ids: data.reply_user_ids as string[],
        version,
      }));
    default:
      return log;
  }
}

/** The event, if it is the next change of the room. */
export function apply(log: RoomLog, event: Event): { log: RoomLog; result: Applied } {
  if (event.version <= log.version) return { log, result: 'old' };
  if (event.version > log.version + 1) return { log, result: 'gap' };
  return { log: { ...reduced(log, event), version: event.version }, result: 'applied' };
}

/** What a send was answered with, which may be there before its event. */
export function withSent(log: RoomLog, message: Message): RoomLog {
  if (log.moreAfter || message.thread_id !== null) return log;
  return { ...log, messages: withMessage(log.messages, message) };
}
