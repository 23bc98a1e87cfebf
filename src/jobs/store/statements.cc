#include "jobs/store/statements.h"

#include <utility>

#include "base/ascii.h"
#include "sql/schema/own_statements.h"

namespace tidemill::jobs {
namespace {

// Below, "@ready" is the table (sql::OwnStatements).
constexpr std::string_view kAcquire =
    "update @owner set node = $1, address = $2, holder = $3, epoch = case when holder = $3 then epoch else "
    "epoch + 1 end, flush = case when holder = $3 then flush else 0 end, turn = case when holder = $3 then "
    "turn else 0 end, expires_at = NOW + cast($4 as bigint) where holder = $3 or expires_at <= NOW or "
    "(cast($5 as bigint) = 1 SAME_NODE) returning epoch, flush";

constexpr std::string_view kFence =
    "update @owner set flush = case when epoch = cast($1 as bigint) and turn = cast($2 as bigint) and "
    "(cast($3 as bigint) = 0 or flush = cast($3 as bigint) - 1) then "
    "case when cast($3 as bigint) = 0 then flush else cast($3 as bigint) end end, "
    "expires_at = NOW + cast($4 as bigint)";

constexpr std::string_view kSettle =
    "update @owner set turn = case when turn < cast($2 as bigint) then cast($2 as bigint) else turn end "
    "where epoch = $1 returning flush";

constexpr std::string_view kLastId =
    "select max(id) from (select coalesce(max(id), 0) as id from @ready union all "
    "select coalesce(max(id), 0) from @later union all select coalesce(max(id), 0) from @dead) as ids";

constexpr std::string_view kLoadReadyTexts =
    "select id, jid, queue, type, priority, case when sum(BYTES(job)) over (order by id rows unbounded "
    "preceding) <= cast($3 as bigint) then job else '' end from (select * from @ready where id > $1 order by "
    "id limit $2) as jobs order by id";

// A prefix of what is asked for, of 8 MiB and one row more at most.
constexpr std::string_view kLoad =
    "select id, jid, queue, type, priority, job, wait, at from (select id, jid, queue, type, priority, job, "
    "WAIT as wait, TIME as at, sum(BYTES(job)) over (order by id rows unbounded preceding) - BYTES(job) as "
    "before from @PLACE where id IS_ONE_OF) as jobs where before < 8388608 order by id";
constexpr std::string_view kLoadRecords =
    "select kind, key, value, expires_at from (select kind, key, value, expires_at, sum(BYTES(value)) over "
    "(order by key rows unbounded preceding) - BYTES(value) as before from (select kind, key, value, "
    "expires_at from @record where kind = $1 and key > $2 order by key limit $3) as picked) as records "
    "where before < 8388608 order by key";
constexpr std::string_view kLoadInbox =
    "select id, job from (select id, job, sum(BYTES(job)) over (order by id rows unbounded preceding) - "
    "BYTES(job) as before from (select id, job from @inbox order by id limit $1) as picked) as jobs "
    "where before < 8388608 order by id";

// Two readings of the same rows: those that were found, and the last one that was looked at.
constexpr std::string_view kList =
    "with seen as (select id, TIME as at, BYTES(job) as bytes, (cast($5 as text) = '' or queue = $5) and "
    "(cast($6 as text) = '' or type = $6) and (cast($7 as text) = '' or jid = $7) and (cast($8 as text) = '' "
    "or FIND(job, $8) > 0) and (cast($9 as bigint) < 0 or WAIT = $9) as is_found from @PLACE where BEHIND "
    "order by IN_ORDER limit $3) "
    "select id, at, bytes, 0 as what from (select * from seen where is_found order by IN_ORDER limit $4) as "
    "found union all select id, at, (select count(*) from seen), 1 from "
    "(select * from seen order by IN_REVERSE limit 1) as last_seen";

constexpr std::string_view kSweepDead =
    "delete from @dead where id in (select id from @dead where expires_at <= $1 order by expires_at limit $2 "
    "SKIP_LOCKED)";
constexpr std::string_view kSweepRecords =
    "delete from @record where (kind, key) in (select kind, key from @record where expires_at <= $1 "
    "order by expires_at limit $2 SKIP_LOCKED)";
constexpr std::string_view kClearRecords =
    "delete from @record where (kind, key) in "
    "(select kind, key from @record where kind not in ('cron', 'queue') limit $1)";

constexpr sql::DialectWord kWords[] = {
    {"BYTES(job)", "octet_length(job)", "length(cast(job as blob))"},
    {"BYTES(value)", "octet_length(value)", "length(cast(value as blob))"},
    {"FIND(", "strpos(", "instr("},
    {"SKIP_LOCKED", "for update skip locked", ""},
    // SQLite's file is locked by its process: who had the lease before is gone.
    {"SAME_NODE", "and node = $1", ""},
};

struct PlaceWords {
  std::string_view word;
  std::array<std::string_view, 3> by_place;
};
constexpr PlaceWords kPlaceWords[] = {
    {"PLACE", {"ready", "later", "dead"}},
    {"TIME", {"0", "run_at", "died_at"}},
    {"WAIT", {"0", "wait", "0"}},
    {"BEHIND",
     {"id > $2 and cast($1 as bigint) is not null", "(run_at, id) > ($1, $2)", "(died_at, id) < ($1, $2)"}},
    {"IN_ORDER", {"id", "at, id", "at desc, id desc"}},
    {"IN_REVERSE", {"id desc", "at desc, id desc", "at, id"}},
};

class Writer : public sql::OwnStatements {
 public:
  using OwnStatements::OwnStatements;

  OfPlace<sql::Statement> ForEachPlace(std::string_view text) const {
    return {{ForPlace(0, text), ForPlace(1, text), ForPlace(2, text)}};
  }
  OfPlace<sql::Statement> ListByJid() const {
    std::string text(kList);
    sql::ReplaceAll(text, "BEHIND", "jid = $7 and BEHIND");
    return {{ForPlace(0, kList), ForPlace(1, text), ForPlace(2, text)}};
  }

 private:
  sql::Statement ForPlace(std::size_t place, std::string_view given) const {
    std::string text(given);
    for (const PlaceWords& words : kPlaceWords) sql::ReplaceAll(text, words.word, words.by_place[place]);
    return operator()(text);
  }
};

}  // namespace

std::string TableName(sql::Dialect dialect, const std::string& postgres_schema, std::string_view table) {
  return sql::OwnTable(dialect, postgres_schema, "tidemill_jobs_" + std::string(table));
}

Statements MakeStatements(sql::Dialect dialect, const std::string& postgres_schema) {
  const Writer write(dialect, TableName(dialect, postgres_schema, ""), kWords);
  return {
      .acquire = write(kAcquire),
      .release = write("update @owner set expires_at = 0 where holder = $1 and epoch = $2"),
      .find_owner = write("select node, address, epoch from @owner where expires_at > NOW"),
      .fence = write(kFence),
      .settle = write(kSettle),

      .delete_jobs = write.ForEachPlace("delete from @PLACE where id IS_ONE_OF"),
      .delete_claims = write("delete from @claim where id IS_ONE_OF"),
      .delete_records = write("delete from @record as r using unnest($1::text[], $2::text[]) as d(kind, key) "
                              "where r.kind = d.kind and r.key = d.key",
                              "delete from @record where (kind, key) in "
                              "(select value ->> 0, value ->> 1 from json_each($1))"),
      .delete_inbox = write("delete from @inbox where id IS_ONE_OF"),

      .last_id = write(kLastId),
      .load_ready = write("select id, jid, queue, type, priority, '' from @ready where id > $1 order by id "
                          "limit $2"),
      .load_ready_texts = write(kLoadReadyTexts),
      .load_later = write("select id, run_at, jid, queue, wait from @later where (run_at, id) > ($1, $2) "
                          "and wait < 2 order by run_at, id limit $3"),
      .load_claims = write("select id, wid, until from @claim where id > $1 order by id limit $2"),
      .load_records = write(kLoadRecords),
      .find_record = write("select kind, key, value, expires_at from @record where kind = $1 and key = $2"),
      .load = write.ForEachPlace(kLoad),
      .count = write.ForEachPlace("select count(*) from @PLACE"),
      .list = write.ForEachPlace(kList),
      .list_by_jid = write.ListByJid(),
      .load_inbox = write(kLoadInbox),
      .ring = write("update @owner set asleep = $1"),

      .sweep_dead = write(kSweepDead),
      .sweep_records = write(kSweepRecords),
      .clear_jobs = write.ForEachPlace("delete from @PLACE where id in "
                                       "(select id from @PLACE order by id limit $1)"),
      .clear_claims = write("delete from @claim where id in (select id from @claim order by id limit $1)"),
      .clear_records = write(kClearRecords),
      .clear_inbox = write("delete from @inbox where id in (select id from @inbox order by id limit $1)"),
  };
}

}  // namespace tidemill::jobs
