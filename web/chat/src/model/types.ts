// What the server sends: docs/guide/chat.md. Times are milliseconds since the epoch, ids opaque strings.

export type Role = 'owner' | 'admin' | 'member' | 'guest';
export type Presence = 'online' | 'away' | 'dnd' | 'offline';
export type Level = 'all' | 'mentions' | 'none';

export interface Status {
  emoji: string;
  text: string;
  until: number | null;
}

export interface User {
  id: string;
  name: string;
  username: string;
  role: Role;
  bot?: boolean;
  status?: Status | null;
}

/** Of `accounts/v1`: what chat's User does not have. */
export interface Account extends User {
  email?: string;
  disabled?: boolean;
  created_at: number;
}

export type RoomRole = 'owner' | 'moderator' | 'member' | 'readonly';

export interface Membership {
  role: RoomRole;
  read_seq: number;
  unread: number;
  mentions: number;
  notify: Level;
  starred: boolean;
  draft: string;
  joined_at: number;
  muted_until: number | null;
}

export interface RoomSettings {
  who_can_post: 'all' | 'moderators';
  slow_mode_s: number;
  text_max: number;
  retention_days: number;
  threads: boolean;
  reactions: boolean;
  typing: boolean;
  receipts: boolean;
}

export interface LastMessage {
  seq: number;
  user_id: string;
  text: string;
  created_at: number;
}

export interface Room {
  id: string;
  type: 'channel' | 'broadcast' | 'direct' | 'group';
  private: boolean;
  name: string;
  topic: string;
  created_at: number;
  created_by: string;
  archived_at: number | null;
  last_seq: number;
  root_count: number;
  version: number;
  member_count: number;
  settings: RoomSettings;
  last_message: LastMessage | null;
  user_ids?: string[];
  membership: Membership | null;
}

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: string[];
}

export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
  url: string;
}

export interface Message {
  id: string;
  room_id: string;
  seq: number;
  user_id: string;
  type: 'text' | 'system';
  text: string;
  client_msg_id?: string;
  thread_id: string | null;
  reply_count: number;
  last_reply_at: number | null;
  reply_user_ids: string[];
  reactions: Reaction[];
  mentions: { user_ids: string[]; room: boolean; here: boolean };
  attachments: Attachment[];
  pinned: boolean;
  edited_at: number | null;
  deleted_at: number | null;
  created_at: number;
  version: number;
  metadata?: Record<string, unknown>;
}

export interface Member {
  user_id: string;
  role: RoomRole;
  joined_at?: number;
  muted_until?: number | null;
  user?: User;
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
  stream?: StreamPosition;
}

export interface Sync {
  me: User;
  users: User[];
  rooms: Room[];
  presence: Record<string, Presence>;
  limits: { text_max: number; upload_bytes_max: number; typing_interval_ms: number };
  streams: StreamPosition[];
  server_time: number;
}

/** An event of a channel; `version` is gapless in a room, and 0 or absent where nothing of a room has changed. */
export interface Event {
  type: string;
  room_id: string;
  version: number;
  ts: number;
  data: Record<string, unknown>;
}

export interface Thread {
  message: Message;
  read_seq: number;
  unread: number;
}

export interface Hit {
  message: Message;
  room_id: string;
}
