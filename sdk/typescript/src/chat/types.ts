// What chat sends: docs/guide/chat.md. Times are milliseconds since 1970, ids opaque strings.

export type Presence = 'online' | 'away' | 'dnd' | 'offline';

export interface User {
  id: string;
  name: string;
  username: string;
  role: 'owner' | 'admin' | 'member' | 'guest';
  bot?: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: string[];
}

export interface Message {
  id: string;
  room_id: string;
  seq: number;
  user_id: string;
  type: 'text' | 'system';
  text: string;
  client_msg_id?: string;
  /** The root message that this replies to. */
  thread_id: string | null;
  reply_count: number;
  last_reply_at: number | null;
  reply_user_ids: string[];
  reactions: Reaction[];
  mentions: { user_ids: string[]; room: boolean; here: boolean };
  pinned: boolean;
  edited_at: number | null;
  deleted_at: number | null;
  created_at: number;
  version: number;
  metadata?: Record<string, unknown>;
}

export interface StreamPosition {
  channel: string;
  offset: number;
  epoch: string;
}

export interface Page {
  messages: Message[];
  users: User[];
  has_more_before: boolean;
  has_more_after: boolean;
  version: number;
  stream: StreamPosition;
}

/** `version` counts a room's changes without a gap; it is 0 or absent where nothing of a room has changed. */
export interface ChatEvent {
  type: string;
  room_id: string;
  version: number;
  ts: number;
  data: Record<string, unknown>;
}

export interface ChatRoom {
  id: string;
  type: 'channel' | 'broadcast' | 'direct' | 'group';
  private: boolean;
  name: string;
  last_seq: number;
  root_count: number;
  member_count: number;
  membership: { role: string; read_seq: number; unread: number; mentions: number } | null;
}

export interface Sync {
  me: User;
  users: User[];
  rooms: ChatRoom[];
  presence: Record<string, Presence>;
  streams: StreamPosition[];
}
