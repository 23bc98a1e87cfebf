#include "jobs/store/flush_calls.h"

#include <array>
#include <utility>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace tidemill::jobs {
namespace {

using Kind = sql::InsertShape::Kind;
using Column = sql::InsertShape::Column;

constexpr std::array kReadyColumns = {Column{"id", Kind::kInteger},       Column{"jid", Kind::kText},
                                      Column{"queue", Kind::kText},       Column{"type", Kind::kText},
                                      Column{"priority", Kind::kInteger}, Column{"job", Kind::kText}};
constexpr std::array kLaterColumns = {Column{"id", Kind::kInteger},       Column{"jid", Kind::kText},
                                      Column{"queue", Kind::kText},       Column{"type", Kind::kText},
                                      Column{"priority", Kind::kInteger}, Column{"job", Kind::kText},
                                      Column{"wait", Kind::kInteger},     Column{"run_at", Kind::kInteger}};
constexpr std::array kDeadColumns = {
    Column{"id", Kind::kInteger},      Column{"jid", Kind::kText},          Column{"queue", Kind::kText},
    Column{"type", Kind::kText},       Column{"priority", Kind::kInteger},  Column{"job", Kind::kText},
    Column{"died_at", Kind::kInteger}, Column{"expires_at", Kind::kInteger}};
constexpr std::array kClaimColumns = {Column{"id", Kind::kInteger}, Column{"wid", Kind::kText},
                                      Column{"until", Kind::kInteger}};
constexpr std::array kRecordColumns = {Column{"kind", Kind::kText}, Column{"key", Kind::kText},
                                       Column{"value", Kind::kText},
                                       Column{"expires_at", Kind::kOptionalInteger}};

std::int64_t ToSql(JobId id) { return static_cast<std::int64_t>(id.value()); }

std::vector<std::int64_t> ToSql(const std::vector<JobId>& ids) {
  std::vector<std::int64_t> list;
  list.reserve(ids.size());
  for (const JobId id : ids) list.push_back(ToSql(id));
  return list;
}

sql::Parameters ToSql(const std::vector<RecordKey>& keys, sql::Dialect dialect) {
  if (dialect == sql::Dialect::kSqlite) {
    std::string pairs;
    JsonWriter json(pairs);
    json.BeginArray();
    for (const RecordKey& key : keys) {
      json.BeginArray();
      json.String(key.kind);
      json.String(key.key);
      json.EndArray();
    }
    json.EndArray();
    return {std::move(pairs)};
  }
  std::vector<std::string> kinds;
  std::vector<std::string> names;
  for (const RecordKey& key : keys) {
    kinds.push_back(key.kind);
    names.push_back(key.key);
  }
  return {std::move(kinds), std::move(names)};
}

sql::Insert::Rows& Add(sql::Insert::Rows& rows, const StoredJob& job) {
  return rows.Add(ToSql(job.id)).Add(job.jid).Add(job.queue).Add(job.type).Add(job.priority).Add(job.text);
}

bool IsText(const std::string& text) { return !text.contains('\0') && IsUtf8(text); }
bool IsText(const StoredJob& job) {
  return IsText(job.text) && IsText(job.jid) && IsText(job.queue) && IsText(job.type);
}

std::unexpected<Error> NoText(const std::string& whose) {
  return Fail(Errc::kInvalidArgument, "a text that is not UTF-8, or has the character 0, of " + whose);
}
std::unexpected<Error> NoText(JobId id) { return NoText("job " + std::to_string(id.value())); }

}  // namespace

FlushCalls::FlushCalls(sql::Dialect dialect, const std::string& postgres_schema)
    : dialect_(dialect),
      ready_(dialect, {.table = TableName(dialect, postgres_schema, "ready"), .columns = kReadyColumns}),
      later_(dialect, {.table = TableName(dialect, postgres_schema, "later"), .columns = kLaterColumns}),
      dead_(dialect, {.table = TableName(dialect, postgres_schema, "dead"), .columns = kDeadColumns}),
      claims_(dialect,
              {.table = TableName(dialect, postgres_schema, "claim"),
               .columns = kClaimColumns,
               .conflict = "on conflict (id) do update set wid = excluded.wid, until = excluded.until"}),
      records_(dialect, {.table = TableName(dialect, postgres_schema, "record"),
                         .columns = kRecordColumns,
                         .conflict = "on conflict (kind, key) do update set value = excluded.value, "
                                     "expires_at = excluded.expires_at"}) {}

void FlushCalls::Append(const Flush& flush, const Statements& statements,
                        std::vector<sql::Call>& calls) const {
  AppendDeletes(flush, statements, calls);
  AppendInserts(flush, calls);
}

void FlushCalls::AppendDeletes(const Flush& flush, const Statements& statements,
                               std::vector<sql::Call>& calls) const {
  const auto add = [&calls](const sql::Statement& statement, const std::vector<JobId>& ids) {
    if (!ids.empty()) calls.push_back({.statement = statement, .parameters = {ToSql(ids)}});
  };
  add(statements.delete_jobs[Place::kReady], flush.ready_deletes);
  add(statements.delete_jobs[Place::kLater], flush.later_deletes);
  add(statements.delete_jobs[Place::kDead], flush.dead_deletes);
  add(statements.delete_claims, flush.claim_deletes);
  if (!flush.record_deletes.empty())
    calls.push_back(
        {.statement = statements.delete_records, .parameters = ToSql(flush.record_deletes, dialect_)});
  if (!flush.inbox_deletes.empty())
    calls.push_back({.statement = statements.delete_inbox, .parameters = {flush.inbox_deletes}});
}

void FlushCalls::AppendInserts(const Flush& flush, std::vector<sql::Call>& calls) const {
  sql::Insert::Rows ready(ready_, flush.ready.size(), calls);
  for (const StoredJob& job : flush.ready) Add(ready, job);
  sql::Insert::Rows later(later_, flush.later.size(), calls);
  for (const LaterJob& job : flush.later)
    Add(later, job.job).Add(static_cast<std::int64_t>(job.wait)).Add(job.run_at.ms);
  sql::Insert::Rows dead(dead_, flush.dead.size(), calls);
  for (const DeadJob& job : flush.dead) Add(dead, job.job).Add(job.died_at.ms).Add(job.expires_at.ms);
  sql::Insert::Rows claims(claims_, flush.claims.size(), calls);
  for (const Claim& claim : flush.claims) claims.Add(ToSql(claim.id)).Add(claim.wid).Add(claim.until.ms);
  sql::Insert::Rows records(records_, flush.records.size(), calls);
  for (const Record& record : flush.records)
    records.Add(record.kind)
        .Add(record.key)
        .Add(record.value)
        .Add(record.expires_at ? record.expires_at->ms : -1);
}

Result<> CheckTexts(const Flush& flush) {
  for (const StoredJob& job : flush.ready)
    if (!IsText(job)) return NoText(job.id);
  for (const LaterJob& job : flush.later)
    if (!IsText(job.job)) return NoText(job.job.id);
  for (const DeadJob& job : flush.dead)
    if (!IsText(job.job)) return NoText(job.job.id);
  for (const Claim& claim : flush.claims)
    if (!IsText(claim.wid)) return NoText(claim.id);
  for (const RecordKey& key : flush.record_deletes)
    if (!IsText(key.key)) return NoText("a key of kind " + key.kind);
  for (const Record& record : flush.records)
    if (!IsText(record.key) || !IsText(record.value)) return NoText("a record of kind " + record.kind);
  return {};
}

}  // namespace tidemill::jobs
