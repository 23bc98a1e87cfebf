// What can be done with a message, and by whom.
import { signal } from '@preact/signals';
import type { Message, Room } from '../model/types';
import { attempt, say } from './announce';
import { api } from './api';
import { openRoomOf } from './open_rooms';
import { markUnread } from './reading';
import { roomHref } from './router';
import { mutedUntil } from './moderation';
import { me, moderates, mayPost, rooms } from './store';

/** The message that is edited in its place. */
export const editing = signal<string | undefined>(undefined);

const isMuted = (roomId: string): boolean => {
  const room = rooms.value.get(roomId);
  return room !== undefined && mutedUntil(room) !== undefined;
};

export const isOwn = (message: Message): boolean => message.user_id === me.value.id && message.type === 'text';

export const mayEdit = (message: Message): boolean => isOwn(message) && message.deleted_at === null && !isMuted(message.room_id);
export const mayDelete = (message: Message, room: Room): boolean =>
  message.type === 'text' && message.deleted_at === null && (isOwn(message) || moderates(room));
export const mayReact = (room: Room): boolean => room.settings?.reactions !== false && room.membership !== null && !room.archived_at;
export const mayReply = (room: Room): boolean => room.settings?.threads !== false;
export const mayPin = (room: Room): boolean => mayPost(room).may;

export async function react(message: Message, emoji: string): Promise<void> {
  const mine = message.reactions.find((reaction) => reaction.emoji === emoji)?.user_ids.includes(me.value.id) ?? false;
  // At once: the event brings what really holds.
  openRoomOf(message.room_id)?.known({ ...message, reactions: toggled(message, emoji, !mine) });
  const done = await attempt(api.react(message.id, emoji, !mine));
  if (!done) openRoomOf(message.room_id)?.known(message);
}

function toggled(message: Message, emoji: string, on: boolean): Message['reactions'] {
  const own = me.value.id;
  const known = message.reactions.some((reaction) => reaction.emoji === emoji);
  const list = known ? message.reactions : [...message.reactions, { emoji, count: 0, user_ids: [] }];
  return list
    .map((reaction) => {
      if (reaction.emoji !== emoji) return reaction;
      const others = reaction.user_ids.filter((id) => id !== own);
      return { ...reaction, count: reaction.count + (on ? 1 : -1), user_ids: on ? [...others, own] : others };
    })
    .filter(({ count }) => count > 0);
}

export async function saveEdit(message: Message, text: string): Promise<void> {
  const answer = await api.edit(message.id, text);
  if (answer.message) openRoomOf(message.room_id)?.known(answer.message);
}

export async function pin(message: Message): Promise<void> {
  await attempt(api.pin(message.room_id, message.id, !message.pinned), message.pinned ? 'No longer pinned.' : 'Pinned.');
}

export async function unreadFrom(message: Message): Promise<void> {
  await attempt(markUnread(message.room_id, message.seq), 'Unread from here.');
}

export const linkOf = (message: Message): string => location.href.split('#')[0] + roomHref(message.room_id, message.seq);

export function editLastOwn(messages: readonly Message[]): boolean {
  const last = messages.findLast((message) => mayEdit(message));
  if (last) editing.value = last.id;
  return last !== undefined;
}

export const copied = (): void => say('Copied.');
