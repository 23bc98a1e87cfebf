// What a list of messages looks like: days, the line above what is unread, and messages of one author close together.
import type { Message } from './types';

export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; head: boolean };

const TOGETHER_MS = 5 * 60_000;

export function sameDay(one: number, other: number): boolean {
  const a = new Date(one);
  const b = new Date(other);
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate();
}

/** Whether a message stands under the name of the one before it. */
export function follows(before: Message | undefined, message: Message): boolean {
  return (
    before !== undefined &&
    before.type === 'text' &&
    message.type === 'text' &&
    before.user_id === message.user_id &&
    nameOf(before) === nameOf(message) &&
    message.created_at - before.created_at < TOGETHER_MS &&
    sameDay(before.created_at, message.created_at)
  );
}

/** What an incoming hook posted says of itself. Metadata is free for everybody: a hook is known by who it is. */
export const hookOf = ({ user_id, metadata }: Message): { username?: unknown; icon_emoji?: unknown } | undefined =>
  user_id.startsWith('hook-') ? (metadata?.hook as { username?: unknown; icon_emoji?: unknown } | undefined) : undefined;

/** A hook may post under a name of its own. */
export function nameOf(message: Message): string | undefined {
  const name = hookOf(message)?.username;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * `unreadAfter`: the line stands above the first message of another after this seq; undefined: no line.
 * Deleted messages stay only where somebody could wonder: with replies below them.
 */
export function timeline(messages: readonly Message[], unreadAfter: number | undefined, me: string): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let lined = false;
  for (const message of messages) {
    if (message.deleted_at !== null && message.reply_count === 0) continue;
    if (!before || !sameDay(before.created_at, message.created_at)) {
      rows.push({ kind: 'day', key: `day ${message.seq}`, at: message.created_at });
      before = undefined;
    }
    if (!lined && unreadAfter !== undefined && message.seq > unreadAfter && message.user_id !== me && message.type === 'text') {
      lined = true;
      before = undefined;
      rows.push({ kind: 'unread', key: 'unread' });
    }
    rows.push({ kind: 'message', key: message.client_msg_id ?? message.id, message, head: !follows(before, message) });
    before = message;
  }
  return rows;
}

/** How many of these somebody who has read up to `seq` has not seen. */
export function unseenAfter(messages: readonly Message[], seq: number, me: string): number {
  let count = 0;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i] as Message;
    if (message.seq <= seq) break;
    if (message.user_id !== me && message.type === 'text' && message.deleted_at === null) count++;
  }
  return count;
}
