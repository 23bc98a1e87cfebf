// Statements: all that a store says to its database, in the database's dialect. Immutable; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "jobs/store/store.h"
#include "sql/database.h"

namespace tidemill::jobs {

// Of each place, by its number.
template <class T>
struct OfPlace {
  std::array<T, 3> all;
  const T& operator[](Place place) const { return all[static_cast<std::size_t>(place)]; }
};

struct Statements {
  // The lease: acquire ($1 node, $2 address, $3 holder, $4 ttl, $5 whether it is the
  // holder's first) gives epoch, flush.
  sql::Statement acquire;
  sql::Statement release;     // $1 holder, $2 epoch
  sql::Statement find_owner;  // node, address, epoch
  // In front of what may only be done in the epoch: a violation of NOT NULL where it is over. $1 epoch, $2
  // turn, $3 the flush's number, 0 for what is none, $4 ttl.
  sql::Statement fence;
  // Takes the turn away from what is still on its way: $1 epoch, $2 the new turn; gives flush. No row: the
  // epoch is over.
  sql::Statement settle;

  // $1 ids; records: $1 kinds, $2 keys, in SQLite $1 a list of pairs.
  OfPlace<sql::Statement> delete_jobs;
  sql::Statement delete_claims;
  sql::Statement delete_records;
  sql::Statement delete_inbox;

  sql::Statement last_id;
  // $1 behind this id, $2 count. With texts: $3 bytes of them.
  sql::Statement load_ready;
  sql::Statement load_ready_texts;
  sql::Statement load_later;  // $1 run_at, $2 id, $3 count
  sql::Statement load_claims;
  sql::Statement load_records;  // $1 kind, $2 key, $3 count
  sql::Statement find_record;
  OfPlace<sql::Statement> load;  // $1 ids; gives wait and time too
  OfPlace<sql::Statement> count;
  // $1 at, $2 id: behind these. $3 how many are looked through, $4 how many may be found. $5 queue, $6 type,
  // $7 jid, $8 a piece of the text, $9 wait or -1. Gives (id, at, bytes of the text, 0) of what was found,
  // and (id, at, how many were looked through, 1) of the last that was looked at.
  OfPlace<sql::Statement> list;
  OfPlace<sql::Statement> list_by_jid;  // that of ready is list's
  sql::Statement load_inbox;            // $1 count
  sql::Statement ring;                  // $1 whether; Postgres only

  // $1 now, $2 count
  sql::Statement sweep_dead;
  sql::Statement sweep_records;
  // $1 count
  OfPlace<sql::Statement> clear_jobs;
  sql::Statement clear_claims;
  sql::Statement clear_records;
  sql::Statement clear_inbox;
};

// A table's name in the dialect: "ready" is `"tidemill".tidemill_jobs_ready`.
std::string TableName(sql::Dialect dialect, const std::string& postgres_schema, std::string_view table);

Statements MakeStatements(sql::Dialect dialect, const std::string& postgres_schema);

}  // namespace tidemill::jobs
