// The messages of logical replication: the frames of a CopyBoth, and what the plugin pgoutput says in them
// (documentation, "Streaming Replication Protocol" and "Logical Replication Message Formats"), version 1 of
// its protocol: transactions come one after the other, when they have committed.
//
// Everything points into the body it was parsed from. kInvalidArgument: it is not of that form. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tidemill::postgres {

// A place in the server's log.
using Lsn = std::uint64_t;

struct XLogData {
  Lsn start = 0;
  Lsn end = 0;  // of the server's log at that time
  std::int64_t time_us = 0;
  std::string_view payload;
};
struct Keepalive {
  Lsn end = 0;
  std::int64_t time_us = 0;  // since 2000-01-01
  bool reply_wanted = false;
};
Result<std::variant<XLogData, Keepalive>> ParseReplicationFrame(std::string_view body);

namespace pgoutput {

struct TupleField {
  enum class Form : std::uint8_t { kNull, kUnchanged, kText, kBinary };
  Form form = Form::kNull;  // kUnchanged: a large value that stayed as it was and is not told
  std::string_view value;
};
using Tuple = std::vector<TupleField>;

struct Begin {
  Lsn final_lsn = 0;  // of the commit
  std::int64_t time_us = 0;
  std::uint32_t xid = 0;
};
struct Commit {
  Lsn commit_lsn = 0;
  Lsn end_lsn = 0;
  std::int64_t time_us = 0;
};
struct Origin {
  Lsn commit_lsn = 0;
  std::string_view name;
};
struct RelationColumn {
  bool is_key = false;
  std::string_view name;
  std::uint32_t type_oid = 0;
  std::int32_t modifier = -1;
};
// Comes before the first change of a table, and again when the table has changed.
struct Relation {
  std::uint32_t oid = 0;
  std::string_view schema;
  std::string_view name;
  char replica_identity = 'd';  // pg_class.relreplident
  std::vector<RelationColumn> columns;
};
struct TypeName {
  std::uint32_t oid = 0;
  std::string_view schema;
  std::string_view name;
};
struct Insert {
  std::uint32_t relation = 0;
  Tuple row;
};
struct Update {
  std::uint32_t relation = 0;
  std::optional<Tuple> before;  // the key if it changed, or the whole row (REPLICA IDENTITY FULL)
  Tuple row;
};
struct Delete {
  std::uint32_t relation = 0;
  Tuple before;  // the key, or the whole row
};
struct Truncate {
  bool cascades = false;
  bool restarts_identity = false;
  std::vector<std::uint32_t> relations;
};
// pg_logical_emit_message
struct LogicalMessage {
  bool is_transactional = false;
  Lsn lsn = 0;
  std::string_view prefix;
  std::string_view content;
};

using Message =
    std::variant<Begin, Commit, Origin, Relation, TypeName, Insert, Update, Delete, Truncate, LogicalMessage>;

Result<Message> Parse(std::string_view payload);

}  // namespace pgoutput
}  // namespace tidemill::postgres
