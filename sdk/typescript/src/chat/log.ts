// The newest messages of a room: one stretch without holes, as a value. An event that is not the room's next change is
// a gap, which the caller closes.
import type { ChatEvent, Message, Page, Reaction } from './types.js';

export interface Log {
  /** Root messages in the order of the room; one that has not changed is the same object as before. */
  readonly messages: readonly Message[];
  readonly version: number;
  /** There are older ones. */
  readonly hasMore: boolean;
  /** So many are kept of those that come; older ones that were asked for count beside it. */
  readonly keep: number;
}

const KEEP = 500;

export const EMPTY: Log = { messages: [], version: 0, hasMore: false, keep: KEEP };

const roots = (page: Page): Message[] => page.messages.filter(({ thread_id }) => thread_id === null);

export const logOf = (page: Page): Log => ({ messages: roots(page), version: page.version, hasMore: page.has_more_before, keep: KEEP });

export function withOlder(log: Log, page: Page): Log {
  const first = log.messages[0]?.seq ?? Number.MAX_SAFE_INTEGER;
  const older = roots(page).filter(({ seq }) => seq < first);
  return { ...log, messages: [...older, ...log.messages], hasMore: page.has_more_before, keep: log.keep + older.length };
}

export function apply(log: Log, event: ChatEvent): Log | 'old' | 'gap' {
  if (event.version <= log.version) return 'old';
  if (event.version > log.version + 1) return 'gap';
  return { ...changed(log, event), version: event.version };
}

function changed(log: Log, { type, data, version }: ChatEvent): Log {
  const { message, message_id: id } = data as { message?: Message; message_id?: string };
  switch (type) {
    case 'message.created':
      return message && message.thread_id === null ? created(log, message) : log;
    case 'message.updated':
    case 'message.deleted':
      return message ? replaced(log, message.id, version, () => message) : log;
    case 'reaction.added':
    case 'reaction.removed':
      return replaced(log, id, version, (before) => ({ ...before, reactions: data.reactions as Reaction[], version }));
    case 'pin.added':
    case 'pin.removed':
      return replaced(log, id, version, (before) => ({ ...before, pinned: type === 'pin.added', version }));
    case 'thread.updated': {
      const { reply_count, last_reply_at, reply_user_ids } = data as unknown as Message;
      return replaced(log, id, version, (before) => ({ ...before, reply_count, last_reply_at, reply_user_ids, version }));
    }
    default:
      return log;
  }
}

function created(log: Log, message: Message): Log {
  if (log.messages.some(({ id }) => id === message.id)) return replaced(log, message.id, message.version, () => message);
  const messages = [...log.messages, message];
  if (messages.length > 1 && (messages.at(-2) as Message).seq > message.seq) messages.sort((a, b) => a.seq - b.seq);
  const kept = messages.slice(-log.keep);
  return { ...log, messages: kept, hasMore: log.hasMore || kept.length < messages.length };
}

/** A page may have been read later than the event was made: what is newer stays. */
function replaced(log: Log, id: string | undefined, version: number, change: (before: Message) => Message): Log {
  const place = log.messages.findIndex((message) => message.id === id);
  const before = log.messages[place];
  if (!before || before.version > version) return log;
  const messages = [...log.messages];
  messages[place] = change(before);
  return { ...log, messages };
}
