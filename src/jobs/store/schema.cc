#include "jobs/store/schema.h"

#include <utility>

#include "jobs/store/enqueue_functions.h"

namespace tidemill::jobs {
namespace {

// A job is a row of ready, later or dead, which is inserted once and deleted once and never changed: no index
// but what is needed to find it, no foreign key, no trigger. Times are ms since 1970.
const sql::SchemaStatements kPostgresTables = {
    "create table tidemill_jobs_ready (\n"
    "  id bigint primary key,\n"
    "  jid text not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority smallint not null,\n"
    "  job text not null\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,\n"
    "  autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0,\n"
    "  autovacuum_analyze_threshold = 100000)",
    "create table tidemill_jobs_later (\n"
    "  id bigint primary key,\n"
    "  wait smallint not null,\n"  // Wait
    "  run_at bigint not null,\n"
    "  jid text collate \"C\" not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority smallint not null,\n"
    "  job text not null\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "create index tidemill_jobs_later_run_at on tidemill_jobs_later (run_at, id)",
    "create index tidemill_jobs_later_jid on tidemill_jobs_later (jid)",
    "create table tidemill_jobs_dead (\n"
    "  id bigint primary key,\n"
    "  died_at bigint not null,\n"
    "  expires_at bigint not null,\n"
    "  jid text collate \"C\" not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority smallint not null,\n"
    "  job text not null\n"
    ")",
    "create index tidemill_jobs_dead_died_at on tidemill_jobs_dead (died_at, id)",
    "create index tidemill_jobs_dead_jid on tidemill_jobs_dead (jid)",
    "create index tidemill_jobs_dead_expires_at on tidemill_jobs_dead (expires_at)",
    "create table tidemill_jobs_claim (\n"
    "  id bigint primary key,\n"
    "  wid text not null,\n"
    "  until bigint not null\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "create table tidemill_jobs_record (\n"
    "  kind text collate \"C\" not null,\n"
    "  key text collate \"C\" not null,\n"
    "  value text not null,\n"
    "  expires_at bigint,\n"
    "  primary key (kind, key)\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "create index tidemill_jobs_record_expires_at on tidemill_jobs_record (expires_at)\n"
    "  where expires_at is not null",
    "create table tidemill_jobs_inbox (\n"
    "  id bigint generated always as identity primary key,\n"
    "  job text not null\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    // One row, changed by each flush.
    "create table tidemill_jobs_owner (\n"
    "  one boolean primary key default true check (one),\n"
    "  node text not null default '',\n"
    "  address text not null default '',\n"
    "  holder text not null default '',\n"
    "  epoch bigint not null default 0,\n"
    "  flush bigint not null default 0,\n"
    "  turn bigint not null default 0,\n"
    "  expires_at bigint not null default 0,\n"
    "  asleep boolean not null default true\n"
    ") with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,\n"
    "  autovacuum_vacuum_cost_delay = 0)",
    "insert into tidemill_jobs_owner default values",
    // A job of some KiB stays in its row, compressed by the faster method where the server has it.
    "do $$\n"
    "declare name text;\n"
    "begin\n"
    "  foreach name in array array['ready', 'later', 'dead'] loop\n"
    "    execute format('alter table tidemill_jobs_%s alter job set storage main', name);\n"
    "    begin\n"
    "      execute format('alter table tidemill_jobs_%s alter job set compression lz4', name);\n"
    "    exception when others then\n"
    "      null;\n"
    "    end;\n"
    "  end loop;\n"
    "end $$",
};

const sql::SchemaStatements kSqliteTables = {
    "create table tidemill_jobs_ready (\n"
    "  id integer primary key,\n"
    "  jid text not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority integer not null,\n"
    "  job text not null\n"
    ") strict",
    "create table tidemill_jobs_later (\n"
    "  id integer primary key,\n"
    "  wait integer not null,\n"
    "  run_at integer not null,\n"
    "  jid text not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority integer not null,\n"
    "  job text not null\n"
    ") strict",
    "create index tidemill_jobs_later_run_at on tidemill_jobs_later (run_at, id)",
    "create index tidemill_jobs_later_jid on tidemill_jobs_later (jid)",
    "create table tidemill_jobs_dead (\n"
    "  id integer primary key,\n"
    "  died_at integer not null,\n"
    "  expires_at integer not null,\n"
    "  jid text not null,\n"
    "  queue text not null,\n"
    "  type text not null,\n"
    "  priority integer not null,\n"
    "  job text not null\n"
    ") strict",
    "create index tidemill_jobs_dead_died_at on tidemill_jobs_dead (died_at, id)",
    "create index tidemill_jobs_dead_jid on tidemill_jobs_dead (jid)",
    "create index tidemill_jobs_dead_expires_at on tidemill_jobs_dead (expires_at)",
    "create table tidemill_jobs_claim (\n"
    "  id integer primary key,\n"
    "  wid text not null,\n"
    "  until integer not null\n"
    ") strict",
    "create table tidemill_jobs_record (\n"
    "  kind text not null,\n"
    "  key text not null,\n"
    "  value text not null,\n"
    "  expires_at integer,\n"
    "  primary key (kind, key)\n"
    ") strict, without rowid",
    "create index tidemill_jobs_record_expires_at on tidemill_jobs_record (expires_at)\n"
    "  where expires_at is not null",
    // Others insert here: a producer's job, as its own transaction commits it. What is inside the JSON is
    // checked when it is taken out: a schema that is not trusted may not call JSON functions.
    "create table tidemill_jobs_inbox (\n"
    "  id integer primary key autoincrement,\n"
    "  job text not null,\n"
    "  constraint the_job_must_be_a_json_object check (job glob '{*}'),\n"
    "  constraint the_job_has_at_most_1_mib check (length(cast(job as blob)) <= 1048576)\n"
    ") strict",
    "create table tidemill_jobs_owner (\n"
    "  one integer primary key default 1 check (one = 1),\n"
    "  node text not null default '',\n"
    "  address text not null default '',\n"
    "  holder text not null default '',\n"
    "  epoch integer not null default 0,\n"
    "  flush integer not null default 0,\n"
    "  turn integer not null default 0,\n"
    "  expires_at integer not null default 0\n"
    ") strict",
    "insert into tidemill_jobs_owner default values",
};

}  // namespace

sql::Schema JobsSchema() {
  sql::Schema schema{.module = "jobs"};
  sql::SchemaStatements postgres = kPostgresTables;
  for (const std::string_view function : EnqueueFunctions()) postgres.push_back(function);
  schema.versions.push_back({.postgres = std::move(postgres), .sqlite = kSqliteTables});
  return schema;
}

}  // namespace tidemill::jobs
