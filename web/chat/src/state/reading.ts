// How far one has read: told to the server at most once a second, and only of what somebody can have seen.
import { withMembership } from '../model/rooms';
import { api } from './api';
import { openRoomOf } from './open_rooms';
import { rooms } from './store';

const QUIET_MS = 700;
const wanted = new Map<string, number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The window is before somebody's eyes. */
export const watched = (): boolean => !document.hidden && document.hasFocus();

/** Rooms that somebody has marked as unread: looking at them reads nothing until they are opened again. */
const held = new Set<string>();

export const lookAnew = (roomId: string): void => void held.delete(roomId);

export function markRead(roomId: string, seq: number): void {
  const room = rooms.value.get(roomId);
  if (!room?.membership || held.has(roomId)) return;
  const all = seq >= room.last_seq;
  const { read_seq, unread, mentions } = room.membership;
  if (seq <= read_seq && !(all && unread + mentions > 0)) return;
  wanted.set(roomId, Math.max(seq, wanted.get(roomId) ?? 0));
  rooms.value = withMembership(rooms.value, roomId, all ? { read_seq: seq, unread: 0, mentions: 0 } : { read_seq: seq });
  timer ??= setTimeout(tell, QUIET_MS);
}

function tell(): void {
  timer = undefined;
  const all = [...wanted];
  wanted.clear();
  for (const [room, seq] of all) {
    api.read(room, seq).then(({ membership }) => {
      if (!wanted.has(room) && !held.has(room)) rooms.value = withMembership(rooms.value, room, membership);
    }, () => {});
  }
}

/** Everything up to the newest message, whatever is loaded. */
export function markAllRead(roomId: string): void {
  const room = rooms.value.get(roomId);
  if (!room) return;
  held.delete(roomId);
  markRead(roomId, room.last_seq);
  const open = openRoomOf(roomId);
  if (open) open.unreadAfter.value = undefined;
}

export async function markUnread(roomId: string, seq: number): Promise<void> {
  wanted.delete(roomId);
  held.add(roomId);
  const { membership } = await api.unread(roomId, seq);
  rooms.value = withMembership(rooms.value, roomId, membership);
  const open = openRoomOf(roomId);
  if (open) open.unreadAfter.value = membership.read_seq;
}
