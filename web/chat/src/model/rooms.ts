// The rooms of the list at the side, and what events change in them. Values: each change gives a new map.
import type { Event, LastMessage, Membership, Room, User } from './types';

export type Rooms = ReadonlyMap<string, Room>;

export interface Activity {
  room_id: string;
  last_seq: number;
  root_count: number;
  last_message: LastMessage | null;
  mention: boolean;
}

function set(rooms: Rooms, room: Room): Rooms {
  return new Map(rooms).set(room.id, room);
}

function without(rooms: Rooms, id: string): Rooms {
  const rest = new Map(rooms);
  rest.delete(id);
  return rest;
}

export function withMembership(rooms: Rooms, id: string, change: Partial<Membership>): Rooms {
  const room = rooms.get(id);
  return room?.membership ? set(rooms, { ...room, membership: { ...room.membership, ...change } }) : rooms;
}

/**
 * Root messages of others that are not read: the server counted `unread` when the room had `root_count` of them, so
 * each further one is unread too, unless all of it is read here already. One's own move the marker, which
 * `unread.updated` tells.
 */
function active(room: Room, activity: Activity, me: string): Room {
  if (activity.last_seq < room.last_seq) return room;
  const more = Math.max(0, activity.root_count - room.root_count);
  const { membership } = room;
  const own = activity.last_message?.user_id === me || activity.last_seq <= (membership?.read_seq ?? 0);
  return {
    ...room,
    last_seq: activity.last_seq,
    root_count: activity.root_count,
    last_message: activity.last_message ?? room.last_message,
    membership: membership && {
      ...membership,
      unread: own ? membership.unread : membership.unread + more,
      mentions: membership.mentions + (activity.mention && !own ? 1 : 0),
    },
  };
}

interface Unread {
  read_seq: number;
  unread: number;
  mentions: number;
  root_count: number;
}

/** Counted when the room had `root_count` root messages, of which this page may know fewer, or more. */
function counted(rooms: Rooms, id: string, { read_seq, unread, mentions, root_count }: Unread): Rooms {
  const room = rooms.get(id);
  if (!room) return rooms;
  const more = Math.max(0, room.root_count - root_count);
  const known = new Map(rooms).set(id, { ...room, root_count: Math.max(room.root_count, root_count) });
  return withMembership(known, id, { read_seq, mentions, unread: unread + more });
}

/** Of an event of a room's own channel, whether or not one is a member. */
export function withRoomEvent(rooms: Rooms, event: Event): Rooms {
  const room = rooms.get(event.room_id);
  if (!room) return rooms;
  switch (event.type) {
    case 'room.updated':
    case 'room.archived':
    case 'room.unarchived': {
      const { membership: _, ...rest } = event.data.room as Room;
      return set(rooms, { ...room, ...rest, last_message: rest.last_message ?? room.last_message, membership: room.membership });
    }
    case 'room.deleted':
      return without(rooms, room.id);
    case 'member.added':
      return set(rooms, { ...room, member_count: room.member_count + 1 });
    case 'member.removed':
      return set(rooms, { ...room, member_count: Math.max(0, room.member_count - 1) });
    default:
      return rooms;
  }
}

/** Of an event of the personal channel. */
export function withPersonalEvent(rooms: Rooms, event: Event, me: string): Rooms {
  const data = event.data;
  const id = event.room_id || (data.room_id as string);
  switch (event.type) {
    case 'room.activity': {
      const room = rooms.get(id);
      return room ? set(rooms, active(room, { ...(data as unknown as Activity), room_id: id }, me)) : rooms;
    }
    case 'unread.updated':
      return counted(rooms, id, data as unknown as Unread);
    case 'draft.updated':
      return withMembership(rooms, id, { draft: (data.draft ?? data.text ?? '') as string });
    case 'membership.updated':
      return withMembership(rooms, id, data.membership as Membership);
    case 'member.added':
    case 'room.created': {
      const room = data.room as Room | undefined;
      if (!room) return rooms;
      const known = rooms.get(room.id);
      return set(rooms, { ...room, membership: room.membership ?? known?.membership ?? null });
    }
    case 'member.updated': {
      const { role, muted_until } = data.member as Membership;
      return withMembership(rooms, id, { role, muted_until });
    }
    case 'member.removed':
      return without(rooms, id);
    case 'room.updated':
    case 'room.archived':
    case 'room.unarchived':
    case 'room.deleted':
      return withRoomEvent(rooms, { ...event, room_id: id });
    default:
      return rooms;
  }
}

export interface Sections {
  starred: Room[];
  channels: Room[];
  direct: Room[];
}

/** What others call a room: its name, or the people in it. */
export function titleOf(room: Room, users: ReadonlyMap<string, User>, me: string): string {
  if (room.type !== 'direct' && room.type !== 'group') return room.name;
  const others = (room.user_ids ?? []).filter((id) => id !== me);
  if (others.length === 0) return users.get(me)?.name ?? 'You';
  return others.map((id) => users.get(id)?.name ?? 'Somebody').join(', ');
}

const recent = (room: Room): number => room.last_message?.created_at ?? room.created_at;

/** Channels by name; direct rooms by who spoke last. Those without a membership are looked at, not listed. */
export function sections(rooms: Rooms, users: ReadonlyMap<string, User>, me: string): Sections {
  const byName = (a: Room, b: Room) => titleOf(a, users, me).localeCompare(titleOf(b, users, me), undefined, { numeric: true });
  const mine = [...rooms.values()].filter((room) => room.membership && !room.archived_at);
  const isDirect = (room: Room) => room.type === 'direct' || room.type === 'group';
  return {
    starred: mine.filter((room) => room.membership?.starred).sort(byName),
    channels: mine.filter((room) => !room.membership?.starred && !isDirect(room)).sort(byName),
    direct: mine.filter((room) => !room.membership?.starred && isDirect(room)).sort((a, b) => recent(b) - recent(a)),
  };
}

/** What is shown beside a room, by its level: a number counts what calls somebody, `bold` that there is something. */
export function badgeOf(room: Room): { bold: boolean; count: number } {
  const membership = room.membership;
  if (!membership) return { bold: false, count: 0 };
  const direct = room.type === 'direct' || room.type === 'group';
  if (membership.notify === 'none') return { bold: false, count: membership.mentions };
  return {
    bold: membership.unread > 0 || membership.mentions > 0,
    count: direct ? Math.max(membership.unread, membership.mentions) : membership.mentions,
  };
}

export function totals(rooms: Rooms): { count: number; unread: boolean } {
  let count = 0;
  let unread = false;
  for (const room of rooms.values()) {
    if (!room.membership || room.archived_at) continue;
    const badge = badgeOf(room);
    count += badge.count;
    unread ||= badge.bold;
  }
  return { count, unread };
}
