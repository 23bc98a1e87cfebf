#include "outbox/schema.h"

#include <utility>

#include "outbox/publish_functions.h"

namespace tidemill::outbox {
namespace {

// A row is inserted once and deleted once. Times are ms since 1970.
const sql::SchemaStatements kPostgresTables = {
    "create table tidemill_outbox (\n"
    "  id bigint generated always as identity primary key,\n"
    "  sink text not null default 'channel',\n"
    "  target text not null,\n"
    "  key text not null default '',\n"
    "  data text not null,\n"
    "  options text not null default '',\n"
    "  created_at bigint not null default (extract(epoch from clock_timestamp()) * 1000)::bigint\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "create table tidemill_outbox_parked (\n"
    "  id bigint primary key,\n"
    "  sink text not null,\n"
    "  target text not null,\n"
    "  key text not null,\n"
    "  data text not null,\n"
    "  options text not null,\n"
    "  created_at bigint not null,\n"
    "  parked_at bigint not null,\n"
    "  reason text not null\n"
    ")",
    // One row, changed by each transaction that takes entries out.
    "create table tidemill_outbox_owner (\n"
    "  one boolean primary key default true check (one),\n"
    "  node text not null default '',\n"
    "  holder text not null default '',\n"
    "  epoch bigint not null default 0,\n"
    "  expires_at bigint not null default 0,\n"
    "  asleep boolean not null default false,\n"
    "  depth_max bigint not null default 1000000,\n"
    "  is_full boolean not null default false\n"
    ") with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "insert into tidemill_outbox_owner default values",
};

const sql::SchemaStatements kSqliteTables = {
    // Applications, triggers and other processes insert here too. What is inside the JSON is checked when it
    // is taken out.
    "create table tidemill_outbox (\n"
    "  id integer primary key autoincrement,\n"
    "  sink text not null default 'channel',\n"
    "  target text not null,\n"
    "  key text not null default '',\n"
    "  data text not null,\n"
    "  options text not null default '',\n"
    "  created_at integer not null default (cast((julianday('now') - 2440587.5) * 86400000 as integer)),\n"
    "  constraint the_target_has_1_to_255_bytes check (length(cast(target as blob)) between 1 and 255),\n"
    "  constraint the_key_has_at_most_255_bytes check (length(cast(key as blob)) <= 255),\n"
    "  constraint the_data_has_at_most_1_mib check (length(cast(data as blob)) <= 1048576),\n"
    "  constraint the_options_have_at_most_16_kib check (length(cast(options as blob)) <= 16384)\n"
    ") strict",
    "create table tidemill_outbox_parked (\n"
    "  id integer primary key,\n"
    "  sink text not null,\n"
    "  target text not null,\n"
    "  key text not null,\n"
    "  data text not null,\n"
    "  options text not null,\n"
    "  created_at integer not null,\n"
    "  parked_at integer not null,\n"
    "  reason text not null\n"
    ") strict",
    "create table tidemill_outbox_owner (\n"
    "  one integer primary key default 1 check (one = 1),\n"
    "  node text not null default '',\n"
    "  holder text not null default '',\n"
    "  epoch integer not null default 0,\n"
    "  expires_at integer not null default 0,\n"
    "  depth_max integer not null default 1000000,\n"
    "  is_full integer not null default 0\n"
    ") strict",
    "insert into tidemill_outbox_owner default values",
    // What goes back from the parked was let in before: is_full is cleared for it.
    "create trigger tidemill_outbox_full before insert on tidemill_outbox\n"
    "when (select is_full from tidemill_outbox_owner) = 1\n"
    "begin\n"
    "  select raise(abort, 'the outbox is full: as many entries wait as outbox.depth_max allows');\n"
    "end",
};

}  // namespace

sql::Schema OutboxSchema() {
  sql::Schema schema{.module = "outbox"};
  sql::SchemaStatements postgres = kPostgresTables;
  for (const std::string_view function : PublishFunctions()) postgres.push_back(function);
  schema.versions.push_back({.postgres = std::move(postgres), .sqlite = kSqliteTables});
  return schema;
}

}  // namespace tidemill::outbox
