#include "chat/store/schema.h"

namespace tidemill::chat {
namespace {

// Times are ms since 1970, 0 where there is none; sets of a few values are a JSON text, "" where there are
// none. Rows of a room carry its id, so that a deleted room's are found.
const sql::SchemaStatements kPostgresTables = {
    "create table tidemill_chat_user (\n"
    "  id text collate \"C\" primary key,\n"
    "  name text not null,\n"
    "  username text not null,\n"
    "  username_key text collate \"C\" not null,\n"
    "  search_key text collate \"C\" not null,\n"
    "  role smallint not null,\n"
    "  is_bot smallint not null,\n"
    "  status_emoji text not null default '',\n"
    "  status_text text not null default '',\n"
    "  status_until bigint not null default 0,\n"
    "  presence smallint not null default 0,\n"
    "  created_at bigint not null,\n"
    "  changed_at bigint not null\n"
    ")",
    "create index tidemill_chat_user_search_key on tidemill_chat_user (search_key, id)",
    "create index tidemill_chat_user_username_key on tidemill_chat_user (username_key)",
    // One row is changed by each write to its room: no index on what changes then.
    "create table tidemill_chat_room (\n"
    "  id bigint primary key,\n"
    "  type smallint not null,\n"
    "  is_private smallint not null,\n"
    "  name text not null,\n"
    "  name_key text collate \"C\",\n"
    "  dm_key text collate \"C\",\n"
    "  topic text not null,\n"
    "  created_at bigint not null,\n"
    "  created_by text not null,\n"
    "  archived_at bigint not null default 0,\n"
    "  deleted_at bigint not null default 0,\n"
    "  last_seq bigint not null default 0,\n"
    "  root_count bigint not null default 0,\n"
    "  mention_count bigint not null default 0,\n"
    "  version bigint not null default 0,\n"
    "  member_count bigint not null default 0,\n"
    "  settings text not null,\n"
    "  last_message_seq bigint not null default 0,\n"
    "  last_message_user text not null default '',\n"
    "  last_message_text text not null default '',\n"
    "  last_message_at bigint not null default 0\n"
    ") with (fillfactor = 70)",
    "create unique index tidemill_chat_room_name_key on tidemill_chat_room (name_key) where name_key is not "
    "null",
    "create unique index tidemill_chat_room_dm_key on tidemill_chat_room (dm_key) where dm_key is not null",
    "create index tidemill_chat_room_deleted on tidemill_chat_room (id) where deleted_at > 0",
    "create table tidemill_chat_member (\n"
    "  room_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  role smallint not null,\n"
    "  joined_at bigint not null,\n"
    "  muted_until bigint not null default 0,\n"
    "  notify smallint not null default 0,\n"
    "  is_starred smallint not null default 0,\n"
    "  draft text not null default '',\n"
    "  read_seq bigint not null,\n"
    "  read_root_n bigint not null,\n"
    "  read_mention_n bigint not null,\n"
    "  mention_count bigint not null default 0,\n"
    "  last_sent_at bigint not null default 0,\n"
    "  primary key (room_id, user_id)\n"
    ") with (fillfactor = 80)",
    "create index tidemill_chat_member_user_id on tidemill_chat_member (user_id, room_id)",
    "create index tidemill_chat_member_owner on tidemill_chat_member (room_id) where role = 3",
    "create table tidemill_chat_message (\n"
    "  id bigint primary key,\n"
    "  room_id bigint not null,\n"
    "  seq bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  type smallint not null,\n"
    "  text text not null,\n"
    "  client_msg_id text collate \"C\" not null,\n"
    "  send_hash bigint not null,\n"
    "  thread_id bigint not null,\n"
    "  root_n bigint not null,\n"
    "  mention_n bigint not null,\n"
    "  reply_n bigint not null,\n"
    "  reply_count bigint not null default 0,\n"
    "  last_reply_at bigint not null default 0,\n"
    "  reply_user_ids text not null default '',\n"
    "  reactions text not null default '',\n"
    "  mentions text not null,\n"
    "  attachments text not null,\n"
    "  flags smallint not null,\n"
    "  is_pinned smallint not null default 0,\n"
    "  edited_at bigint not null default 0,\n"
    "  deleted_at bigint not null default 0,\n"
    "  created_at bigint not null,\n"
    "  version bigint not null,\n"
    "  metadata text not null,\n"
    "  search tsvector generated always as (to_tsvector('simple'::regconfig, regexp_replace(text,\n"
    "    '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])', ' \\1 ', 'g'))) stored\n"
    ") with (fillfactor = 90)",
    "create unique index tidemill_chat_message_room_seq on tidemill_chat_message (room_id, seq)",
    "create unique index tidemill_chat_message_client_msg_id\n"
    "  on tidemill_chat_message (room_id, user_id, client_msg_id) where client_msg_id <> ''",
    "create index tidemill_chat_message_root on tidemill_chat_message (room_id, seq) where thread_id = 0",
    "create index tidemill_chat_message_reply on tidemill_chat_message (thread_id, seq) where thread_id > 0",
    "create index tidemill_chat_message_search on tidemill_chat_message using gin (search)",
    "create table tidemill_chat_edit (\n"
    "  message_id bigint not null,\n"
    "  number bigint not null,\n"
    "  text text not null,\n"
    "  at bigint not null,\n"
    "  user_id text not null,\n"
    "  primary key (message_id, number)\n"
    ")",
    "create table tidemill_chat_reaction (\n"
    "  message_id bigint not null,\n"
    "  emoji text collate \"C\" not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  created_at bigint not null,\n"
    "  primary key (message_id, emoji, user_id)\n"
    ")",
    "create table tidemill_chat_pin (\n"
    "  room_id bigint not null,\n"
    "  message_id bigint not null,\n"
    "  user_id text not null,\n"
    "  created_at bigint not null,\n"
    "  primary key (room_id, message_id)\n"
    ")",
    "create table tidemill_chat_mention (\n"
    "  user_id text collate \"C\" not null,\n"
    "  room_id bigint not null,\n"
    "  seq bigint not null,\n"
    "  primary key (user_id, room_id, seq)\n"
    ")",
    "create index tidemill_chat_mention_room on tidemill_chat_mention (room_id, seq)",
    "create table tidemill_chat_follower (\n"
    "  thread_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  room_id bigint not null,\n"
    "  is_following smallint not null,\n"
    "  read_seq bigint not null,\n"
    "  read_n bigint not null,\n"
    "  primary key (thread_id, user_id)\n"
    ")",
    "create index tidemill_chat_follower_user_id on tidemill_chat_follower (user_id, thread_id)",
    "create index tidemill_chat_follower_room on tidemill_chat_follower (room_id, user_id)",
    "create table tidemill_chat_change (\n"
    "  room_id bigint not null,\n"
    "  version bigint not null,\n"
    "  type text not null,\n"
    "  at bigint not null,\n"
    "  data text not null,\n"
    "  primary key (room_id, version)\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)",
    "create table tidemill_chat_attachment (\n"
    "  id bigint primary key,\n"
    "  room_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  message_id bigint not null default 0,\n"
    "  name text not null,\n"
    "  type text not null,\n"
    "  size bigint not null,\n"
    "  width bigint not null,\n"
    "  height bigint not null,\n"
    "  storage_key text not null,\n"
    "  created_at bigint not null\n"
    ")",
    "create index tidemill_chat_attachment_unused on tidemill_chat_attachment (created_at) where message_id "
    "= 0",
    "create index tidemill_chat_attachment_message on tidemill_chat_attachment (message_id) where message_id "
    "> 0",
    "create index tidemill_chat_attachment_user_id on tidemill_chat_attachment (user_id, size)",
    "create index tidemill_chat_attachment_room on tidemill_chat_attachment (room_id)",
    "create table tidemill_chat_ban (\n"
    "  room_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  until bigint not null,\n"
    "  reason text not null,\n"
    "  banned_by text not null,\n"
    "  created_at bigint not null,\n"
    "  primary key (room_id, user_id)\n"
    ")",
    "create table tidemill_chat_flag (\n"
    "  id bigint primary key,\n"
    "  room_id bigint not null,\n"
    "  message_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  reason text not null,\n"
    "  created_at bigint not null,\n"
    "  resolved_by text not null default ''\n"
    ")",
    "create unique index tidemill_chat_flag_message on tidemill_chat_flag (message_id, user_id)",
    "create index tidemill_chat_flag_open on tidemill_chat_flag (id) where resolved_by = ''",
    "create index tidemill_chat_flag_room on tidemill_chat_flag (room_id)",
    "create table tidemill_chat_audit (\n"
    "  id bigint primary key,\n"
    "  at bigint not null,\n"
    "  room_id bigint not null,\n"
    "  actor text not null,\n"
    "  action text not null,\n"
    "  target text not null,\n"
    "  detail text not null\n"
    ")",
    "create table tidemill_chat_hook (\n"
    "  id bigint primary key,\n"
    "  room_id bigint not null,\n"
    "  name text not null,\n"
    "  token_digest text collate \"C\" not null unique,\n"
    "  created_by text not null,\n"
    "  created_at bigint not null\n"
    ")",
    "create index tidemill_chat_hook_room on tidemill_chat_hook (room_id)",
    "create table tidemill_chat_scheduled (\n"
    "  id bigint primary key,\n"
    "  room_id bigint not null,\n"
    "  user_id text collate \"C\" not null,\n"
    "  text text not null,\n"
    "  at bigint not null,\n"
    "  created_at bigint not null\n"
    ")",
    "create index tidemill_chat_scheduled_user_id on tidemill_chat_scheduled (user_id, at)",
    "create index tidemill_chat_scheduled_at on tidemill_chat_scheduled (at)",
    "create index tidemill_chat_scheduled_room on tidemill_chat_scheduled (room_id)",
};

const sql::SchemaStatements kSqliteTables = {
    "create table tidemill_chat_user (\n"
    "  id text primary key,\n"
    "  name text not null,\n"
    "  username text not null,\n"
    "  username_key text not null,\n"
    "  search_key text not null,\n"
    "  role integer not null,\n"
    "  is_bot integer not null,\n"
    "  status_emoji text not null default '',\n"
    "  status_text text not null default '',\n"
    "  status_until integer not null default 0,\n"
    "  presence integer not null default 0,\n"
    "  created_at integer not null,\n"
    "  changed_at integer not null\n"
    ") strict, without rowid",
    "create index tidemill_chat_user_search_key on tidemill_chat_user (search_key, id)",
    "create index tidemill_chat_user_username_key on tidemill_chat_user (username_key)",
    // One row is changed by each write to its room: no index on what changes then.
    "create table tidemill_chat_room (\n"
    "  id integer primary key,\n"
    "  type integer not null,\n"
    "  is_private integer not null,\n"
    "  name text not null,\n"
    "  name_key text,\n"
    "  dm_key text,\n"
    "  topic text not null,\n"
    "  created_at integer not null,\n"
    "  created_by text not null,\n"
    "  archived_at integer not null default 0,\n"
    "  deleted_at integer not null default 0,\n"
    "  last_seq integer not null default 0,\n"
    "  root_count integer not null default 0,\n"
    "  mention_count integer not null default 0,\n"
    "  version integer not null default 0,\n"
    "  member_count integer not null default 0,\n"
    "  settings text not null,\n"
    "  last_message_seq integer not null default 0,\n"
    "  last_message_user text not null default '',\n"
    "  last_message_text text not null default '',\n"
    "  last_message_at integer not null default 0\n"
    ") strict",
    "create unique index tidemill_chat_room_name_key on tidemill_chat_room (name_key) where name_key is not "
    "null",
    "create unique index tidemill_chat_room_dm_key on tidemill_chat_room (dm_key) where dm_key is not null",
    "create index tidemill_chat_room_deleted on tidemill_chat_room (id) where deleted_at > 0",
    "create table tidemill_chat_member (\n"
    "  room_id integer not null,\n"
    "  user_id text not null,\n"
    "  role integer not null,\n"
    "  joined_at integer not null,\n"
    "  muted_until integer not null default 0,\n"
    "  notify integer not null default 0,\n"
    "  is_starred integer not null default 0,\n"
    "  draft text not null default '',\n"
    "  read_seq integer not null,\n"
    "  read_root_n integer not null,\n"
    "  read_mention_n integer not null,\n"
    "  mention_count integer not null default 0,\n"
    "  last_sent_at integer not null default 0,\n"
    "  primary key (room_id, user_id)\n"
    ") strict, without rowid",
    "create index tidemill_chat_member_user_id on tidemill_chat_member (user_id, room_id)",
    "create index tidemill_chat_member_owner on tidemill_chat_member (room_id) where role = 3",
    "create table tidemill_chat_message (\n"
    "  id integer primary key,\n"
    "  room_id integer not null,\n"
    "  seq integer not null,\n"
    "  user_id text not null,\n"
    "  type integer not null,\n"
    "  text text not null,\n"
    "  client_msg_id text not null,\n"
    "  send_hash integer not null,\n"
    "  thread_id integer not null,\n"
    "  root_n integer not null,\n"
    "  mention_n integer not null,\n"
    "  reply_n integer not null,\n"
    "  reply_count integer not null default 0,\n"
    "  last_reply_at integer not null default 0,\n"
    "  reply_user_ids text not null default '',\n"
    "  reactions text not null default '',\n"
    "  mentions text not null,\n"
    "  attachments text not null,\n"
    "  flags integer not null,\n"
    "  is_pinned integer not null default 0,\n"
    "  edited_at integer not null default 0,\n"
    "  deleted_at integer not null default 0,\n"
    "  created_at integer not null,\n"
    "  version integer not null,\n"
    "  metadata text not null\n"
    ") strict",
    "create unique index tidemill_chat_message_room_seq on tidemill_chat_message (room_id, seq)",
    "create unique index tidemill_chat_message_client_msg_id\n"
    "  on tidemill_chat_message (room_id, user_id, client_msg_id) where client_msg_id <> ''",
    "create index tidemill_chat_message_root on tidemill_chat_message (room_id, seq) where thread_id = 0",
    "create index tidemill_chat_message_reply on tidemill_chat_message (thread_id, seq) where thread_id > 0",
    "create virtual table tidemill_chat_search using fts5 (\n"
    "  text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'\n"
    ")",
    "create table tidemill_chat_edit (\n"
    "  message_id integer not null,\n"
    "  number integer not null,\n"
    "  text text not null,\n"
    "  at integer not null,\n"
    "  user_id text not null,\n"
    "  primary key (message_id, number)\n"
    ") strict, without rowid",
    "create table tidemill_chat_reaction (\n"
    "  message_id integer not null,\n"
    "  emoji text not null,\n"
    "  user_id text not null,\n"
    "  created_at integer not null,\n"
    "  primary key (message_id, emoji, user_id)\n"
    ") strict, without rowid",
    "create table tidemill_chat_pin (\n"
    "  room_id integer not null,\n"
    "  message_id integer not null,\n"
    "  user_id text not null,\n"
    "  created_at integer not null,\n"
    "  primary key (room_id, message_id)\n"
    ") strict, without rowid",
    "create table tidemill_chat_mention (\n"
    "  user_id text not null,\n"
    "  room_id integer not null,\n"
    "  seq integer not null,\n"
    "  primary key (user_id, room_id, seq)\n"
    ") strict, without rowid",
    "create index tidemill_chat_mention_room on tidemill_chat_mention (room_id, seq)",
    "create table tidemill_chat_follower (\n"
    "  thread_id integer not null,\n"
    "  user_id text not null,\n"
    "  room_id integer not null,\n"
    "  is_following integer not null,\n"
    "  read_seq integer not null,\n"
    "  read_n integer not null,\n"
    "  primary key (thread_id, user_id)\n"
    ") strict, without rowid",
    "create index tidemill_chat_follower_user_id on tidemill_chat_follower (user_id, thread_id)",
    "create index tidemill_chat_follower_room on tidemill_chat_follower (room_id, user_id)",
    "create table tidemill_chat_change (\n"
    "  room_id integer not null,\n"
    "  version integer not null,\n"
    "  type text not null,\n"
    "  at integer not null,\n"
    "  data text not null,\n"
    "  primary key (room_id, version)\n"
    ") strict",
    "create table tidemill_chat_attachment (\n"
    "  id integer primary key,\n"
    "  room_id integer not null,\n"
    "  user_id text not null,\n"
    "  message_id integer not null default 0,\n"
    "  name text not null,\n"
    "  type text not null,\n"
    "  size integer not null,\n"
    "  width integer not null,\n"
    "  height integer not null,\n"
    "  storage_key text not null,\n"
    "  created_at integer not null\n"
    ") strict",
    "create index tidemill_chat_attachment_unused on tidemill_chat_attachment (created_at) where message_id "
    "= 0",
    "create index tidemill_chat_attachment_message on tidemill_chat_attachment (message_id) where message_id "
    "> 0",
    "create index tidemill_chat_attachment_user_id on tidemill_chat_attachment (user_id, size)",
    "create index tidemill_chat_attachment_room on tidemill_chat_attachment (room_id)",
    "create table tidemill_chat_ban (\n"
    "  room_id integer not null,\n"
    "  user_id text not null,\n"
    "  until integer not null,\n"
    "  reason text not null,\n"
    "  banned_by text not null,\n"
    "  created_at integer not null,\n"
    "  primary key (room_id, user_id)\n"
    ") strict, without rowid",
    "create table tidemill_chat_flag (\n"
    "  id integer primary key,\n"
    "  room_id integer not null,\n"
    "  message_id integer not null,\n"
    "  user_id text not null,\n"
    "  reason text not null,\n"
    "  created_at integer not null,\n"
    "  resolved_by text not null default ''\n"
    ") strict",
    "create unique index tidemill_chat_flag_message on tidemill_chat_flag (message_id, user_id)",
    "create index tidemill_chat_flag_open on tidemill_chat_flag (id) where resolved_by = ''",
    "create index tidemill_chat_flag_room on tidemill_chat_flag (room_id)",
    "create table tidemill_chat_audit (\n"
    "  id integer primary key,\n"
    "  at integer not null,\n"
    "  room_id integer not null,\n"
    "  actor text not null,\n"
    "  action text not null,\n"
    "  target text not null,\n"
    "  detail text not null\n"
    ") strict",
    "create table tidemill_chat_hook (\n"
    "  id integer primary key,\n"
    "  room_id integer not null,\n"
    "  name text not null,\n"
    "  token_digest text not null unique,\n"
    "  created_by text not null,\n"
    "  created_at integer not null\n"
    ") strict",
    "create index tidemill_chat_hook_room on tidemill_chat_hook (room_id)",
    "create table tidemill_chat_scheduled (\n"
    "  id integer primary key,\n"
    "  room_id integer not null,\n"
    "  user_id text not null,\n"
    "  text text not null,\n"
    "  at integer not null,\n"
    "  created_at integer not null\n"
    ") strict",
    "create index tidemill_chat_scheduled_user_id on tidemill_chat_scheduled (user_id, at)",
    "create index tidemill_chat_scheduled_at on tidemill_chat_scheduled (at)",
    "create index tidemill_chat_scheduled_room on tidemill_chat_scheduled (room_id)",
};

const sql::SchemaStatements kPostgresLater = {
    "create index tidemill_chat_audit_room on tidemill_chat_audit (room_id, id)",
    "alter table tidemill_chat_scheduled add column thread_id bigint not null default 0",
    "alter table tidemill_chat_scheduled add column problem text not null default ''",
    "alter table tidemill_chat_scheduled add column claimed_at bigint not null default 0",
    "drop index tidemill_chat_scheduled_at",
    "create index tidemill_chat_scheduled_due on tidemill_chat_scheduled (at) where problem = ''",
    "create table tidemill_chat_reminder (\n"
    "  id bigint primary key,\n"
    "  user_id text collate \"C\" not null,\n"
    "  room_id bigint not null,\n"
    "  message_id bigint not null,\n"
    "  note text not null,\n"
    "  at bigint not null,\n"
    "  created_at bigint not null,\n"
    "  told_at bigint not null default 0\n"
    ")",
    "create index tidemill_chat_reminder_user_id on tidemill_chat_reminder (user_id, at)",
    "create index tidemill_chat_reminder_due on tidemill_chat_reminder (at) where told_at = 0",
    "create index tidemill_chat_reminder_room on tidemill_chat_reminder (room_id)",
};

const sql::SchemaStatements kSqliteLater = {
    "create index tidemill_chat_audit_room on tidemill_chat_audit (room_id, id)",
    "alter table tidemill_chat_scheduled add column thread_id integer not null default 0",
    "alter table tidemill_chat_scheduled add column problem text not null default ''",
    "alter table tidemill_chat_scheduled add column claimed_at integer not null default 0",
    "drop index tidemill_chat_scheduled_at",
    "create index tidemill_chat_scheduled_due on tidemill_chat_scheduled (at) where problem = ''",
    "create table tidemill_chat_reminder (\n"
    "  id integer primary key,\n"
    "  user_id text not null,\n"
    "  room_id integer not null,\n"
    "  message_id integer not null,\n"
    "  note text not null,\n"
    "  at integer not null,\n"
    "  created_at integer not null,\n"
    "  told_at integer not null default 0\n"
    ") strict",
    "create index tidemill_chat_reminder_user_id on tidemill_chat_reminder (user_id, at)",
    "create index tidemill_chat_reminder_due on tidemill_chat_reminder (at) where told_at = 0",
    "create index tidemill_chat_reminder_room on tidemill_chat_reminder (room_id)",
};

}  // namespace

sql::Schema ChatSchema() {
  sql::Schema schema{.module = "chat"};
  schema.versions.push_back({.postgres = kPostgresTables, .sqlite = kSqliteTables});
  schema.versions.push_back({.postgres = kPostgresLater, .sqlite = kSqliteLater});
  return schema;
}

}  // namespace tidemill::chat
