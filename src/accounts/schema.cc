#include "accounts/schema.h"

namespace tidemill::accounts {
namespace {

// Times are ms since 1970. Of secrets that somebody carries only the SHA-256 is here.
const sql::SchemaStatements kPostgresTables = {
    "create table tidemill_account_users (\n"
    "  id text primary key,\n"
    "  username text collate \"C\" not null unique,\n"
    "  name text not null,\n"
    "  email text not null default '',\n"
    "  role text not null check (role in ('guest', 'member', 'admin', 'owner')),\n"
    "  password text not null default '',\n"
    "  generation bigint not null default 1,\n"
    "  created_at bigint not null,\n"
    "  disabled_at bigint not null default 0\n"
    ")",
    "create table tidemill_account_sessions (\n"
    "  id text primary key,\n"
    "  token_hash text not null unique,\n"
    "  user_id text not null references tidemill_account_users (id) on delete cascade,\n"
    "  address text not null,\n"
    "  agent text not null,\n"
    "  created_at bigint not null,\n"
    "  last_seen_at bigint not null,\n"
    "  expires_at bigint not null,\n"
    "  ended_at bigint not null default 0\n"
    ")",
    "create index tidemill_account_sessions_user on tidemill_account_sessions (user_id, last_seen_at)",
    "create index tidemill_account_sessions_ended on tidemill_account_sessions (ended_at) where ended_at > 0",
    "create table tidemill_account_invites (\n"
    "  id text primary key,\n"
    "  token_hash text not null unique,\n"
    "  role text not null,\n"
    "  uses_left bigint not null,\n"
    "  email text not null default '',\n"
    "  created_by text not null references tidemill_account_users (id) on delete cascade,\n"
    "  created_at bigint not null,\n"
    "  expires_at bigint not null\n"
    ")",
    // Each opens one thing, once. `user_id` is "" for the first owner.
    "create table tidemill_account_links (\n"
    "  token_hash text primary key,\n"
    "  kind text not null check (kind in ('owner', 'reset')),\n"
    "  user_id text not null default '',\n"
    "  expires_at bigint not null\n"
    ")",
    "create table tidemill_account_audit (\n"
    "  id bigint generated always as identity primary key,\n"
    "  at bigint not null,\n"
    "  actor text not null,\n"
    "  action text not null,\n"
    "  target text not null,\n"
    "  address text not null,\n"
    "  detail text not null\n"
    ")",
    // One row: whoever changes roles changes it first, so that two never take away the last owner at once.
    "create table tidemill_account_state (\n"
    "  one boolean primary key default true check (one),\n"
    "  changes bigint not null default 0,\n"
    "  token_key text not null default ''\n"
    ")",
    "insert into tidemill_account_state default values",
};

const sql::SchemaStatements kSqliteTables = {
    "create table tidemill_account_users (\n"
    "  id text primary key,\n"
    "  username text not null unique,\n"
    "  name text not null,\n"
    "  email text not null default '',\n"
    "  role text not null check (role in ('guest', 'member', 'admin', 'owner')),\n"
    "  password text not null default '',\n"
    "  generation integer not null default 1,\n"
    "  created_at integer not null,\n"
    "  disabled_at integer not null default 0\n"
    ") strict",
    "create table tidemill_account_sessions (\n"
    "  id text primary key,\n"
    "  token_hash text not null unique,\n"
    "  user_id text not null references tidemill_account_users (id) on delete cascade,\n"
    "  address text not null,\n"
    "  agent text not null,\n"
    "  created_at integer not null,\n"
    "  last_seen_at integer not null,\n"
    "  expires_at integer not null,\n"
    "  ended_at integer not null default 0\n"
    ") strict",
    "create index tidemill_account_sessions_user on tidemill_account_sessions (user_id, last_seen_at)",
    "create index tidemill_account_sessions_ended on tidemill_account_sessions (ended_at) where ended_at > 0",
    "create table tidemill_account_invites (\n"
    "  id text primary key,\n"
    "  token_hash text not null unique,\n"
    "  role text not null,\n"
    "  uses_left integer not null,\n"
    "  email text not null default '',\n"
    "  created_by text not null references tidemill_account_users (id) on delete cascade,\n"
    "  created_at integer not null,\n"
    "  expires_at integer not null\n"
    ") strict",
    "create table tidemill_account_links (\n"
    "  token_hash text primary key,\n"
    "  kind text not null check (kind in ('owner', 'reset')),\n"
    "  user_id text not null default '',\n"
    "  expires_at integer not null\n"
    ") strict",
    "create table tidemill_account_audit (\n"
    "  id integer primary key autoincrement,\n"
    "  at integer not null,\n"
    "  actor text not null,\n"
    "  action text not null,\n"
    "  target text not null,\n"
    "  address text not null,\n"
    "  detail text not null\n"
    ") strict",
    "create table tidemill_account_state (\n"
    "  one integer primary key default 1 check (one = 1),\n"
    "  changes integer not null default 0,\n"
    "  token_key text not null default ''\n"
    ") strict",
    "insert into tidemill_account_state default values",
};

const sql::SchemaStatements kConsole = {
    "alter table tidemill_account_users add column console text not null default '' "
    "check (console in ('', 'viewer', 'operator', 'admin'))",
    "alter table tidemill_account_audit add column result text not null default ''",
};

}  // namespace

sql::Schema AccountsSchema() {
  sql::Schema schema{.module = "accounts"};
  schema.versions.push_back({.postgres = kPostgresTables, .sqlite = kSqliteTables});
  schema.versions.push_back({.postgres = kConsole, .sqlite = kConsole});
  return schema;
}

}  // namespace tidemill::accounts
