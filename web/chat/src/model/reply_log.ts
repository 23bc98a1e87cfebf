// The replies to one message, kept current by the events of its room. A value, as RoomLog is.
import { merged, withMessage } from './room_log';
import type { Event, Message, Page, Reaction } from './types';

export interface ReplyLog {
  readonly root: Message;
  readonly replies: readonly Message[];
  readonly moreBefore: boolean;
}

export function repliesOf(root: Message, page: Page): ReplyLog {
  return { root, replies: page.messages.filter(({ id }) => id !== root.id), moreBefore: page.has_more_before };
}

export function withOlderReplies(log: ReplyLog, page: Page): ReplyLog {
  return { ...log, replies: merged(log.replies, repliesOf(log.root, page).replies), moreBefore: page.has_more_before };
}

export function withReply(log: ReplyLog, message: Message): ReplyLog {
  return message.thread_id === log.root.id ? { ...log, replies: withMessage(log.replies, message) } : log;
}

export function withReplyState(log: ReplyLog, message: Message): ReplyLog {
  if (message.id === log.root.id) return message.version >= log.root.version ? { ...log, root: message } : log;
  return log.replies.some(({ id }) => id === message.id) ? withReply(log, message) : log;
}

function changed(log: ReplyLog, id: string, change: (message: Message) => Message): ReplyLog {
  if (log.root.id === id) return { ...log, root: change(log.root) };
  if (!log.replies.some((reply) => reply.id === id)) return log;
  return { ...log, replies: log.replies.map((reply) => (reply.id === id ? change(reply) : reply)) };
}

/** Events come in the order of the room's versions: RoomLog sees to that. Those of other threads change nothing. */
export function applyToReplies(log: ReplyLog, { type, data, version }: Event): ReplyLog {
  switch (type) {
    case 'message.created':
      return withReply(log, data.message as Message);
    case 'message.updated':
    case 'message.deleted':
      return withReplyState(log, data.message as Message);
    case 'reaction.added':
    case 'reaction.removed':
      return changed(log, data.message_id as string, (message) => ({ ...message, reactions: data.reactions as Reaction[], version }));
    case 'pin.added':
    case 'pin.removed':
      return changed(log, data.message_id as string, (message) => ({ ...message, pinned: type === 'pin.added', version }));
    default:
      return log;
  }
}
