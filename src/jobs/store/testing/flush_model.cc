#include "jobs/store/testing/flush_model.h"

#include <iterator>
#include <utility>

#include "net/testing/run_task.h"

namespace tidemill::jobs::testing {
namespace {

// What a read of the store gives. Behind a connection that was just lost the first may be refused.
template <class Read>
auto Must(net::Loop& loop, Read read) {
  auto result = net::testing::RunTask(loop, read());
  (void)net::testing::DriveUntil(loop, [&] {
    const bool is_away = !result && result.error().code == Errc::kUnavailable;
    if (is_away) result = net::testing::RunTask(loop, read());
    return !is_away;
  });
  TM_ASSERT(result);
  return *std::move(result);
}

std::map<JobId, JobPage::Item> ItemsIn(net::Loop& loop, Store& store, Place place) {
  std::map<JobId, JobPage::Item> items;
  PageRequest request{.place = place, .count = 500};
  do {
    JobPage page = Must(loop, [&] { return store.List(request); });
    for (JobPage::Item& item : page.items) items.emplace(item.job.id, std::move(item));
    request.cursor = page.next;
  } while (!request.cursor.empty());
  return items;
}

std::string Unlike(std::string_view what, std::size_t found, std::size_t wanted) {
  return std::string(what) + ": " + std::to_string(found) + " found, " + std::to_string(wanted) +
         " wanted, or other ones\n";
}

}  // namespace

// https://prng.di.unimi.it/splitmix64.c
std::uint64_t FlushModel::Below(std::uint64_t bound) {
  std::uint64_t mixed = (random_ += 0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) % bound;
}

StoredJob FlushModel::MakeJob(JobId id) {
  return {.id = id,
          .jid = "job-" + std::to_string(id.value()),
          .queue = "q" + std::to_string(Below(3)),
          .type = "T",
          .priority = static_cast<int>(1 + Below(9)),
          // Some are longer than a page of SQLite.
          .text = "{\"n\":\"" + std::string(Below(20) == 0 ? 9000 : Below(300), 'x') + "\"}"};
}

// Takes the first or the last of a place to another, or out.
void FlushModel::Move(Flush& flush) {
  for (std::uint64_t i = Below(6); i > 0 && tables_.ready.size() > i; --i) {
    const StoredJob job = std::next(tables_.ready.begin(), static_cast<std::ptrdiff_t>(i))->second;
    flush.ready_deletes.push_back(job.id);
    if (Below(3) == 0)
      flush.later.push_back(
          {.job = job, .wait = Wait::kRetry, .run_at = WallTime{static_cast<std::int64_t>(Below(9))}});
    if (Below(2) == 0) flush.claim_deletes.push_back(job.id);
  }
  if (!tables_.later.empty() && Below(2) == 0) {
    const StoredJob job = tables_.later.begin()->second.job;
    flush.later_deletes.push_back(job.id);
    if (Below(2) == 0) {
      flush.ready.push_back(job);
    } else {
      flush.dead.push_back(
          {.job = job, .died_at = WallTime{static_cast<std::int64_t>(number_)}, .expires_at = WallTime{1}});
    }
  }
  if (tables_.dead.size() > 20) flush.dead_deletes.push_back(tables_.dead.begin()->first);
}

Flush FlushModel::Next(std::uint64_t epoch) {
  Flush flush{.epoch = epoch, .number = ++number_};
  Move(flush);
  for (std::uint64_t i = Below(4) == 0 ? 60 : Below(6); i > 0; --i)
    flush.ready.push_back(MakeJob(JobId(++last_id_)));
  if (!tables_.ready.empty())
    flush.claims.push_back(
        {tables_.ready.rbegin()->first, "w", WallTime{static_cast<std::int64_t>(number_)}});
  flush.records.push_back({"count", "flushes", std::to_string(number_), std::nullopt});
  const std::string key = "k" + std::to_string(Below(20));
  if (Below(2) == 0) {
    flush.records.push_back({"lock", key, std::to_string(number_), WallTime{5}});
  } else {
    flush.record_deletes.push_back({"lock", key});
  }
  Apply(flush);
  return flush;
}

void FlushModel::Apply(const Flush& flush) {
  for (const JobId id : flush.ready_deletes) tables_.ready.erase(id);
  for (const JobId id : flush.later_deletes) tables_.later.erase(id);
  for (const JobId id : flush.dead_deletes) tables_.dead.erase(id);
  for (const JobId id : flush.claim_deletes) tables_.claims.erase(id);
  for (const RecordKey& key : flush.record_deletes) tables_.records.erase({key.kind, key.key});
  for (const StoredJob& job : flush.ready) tables_.ready.emplace(job.id, job);
  for (const LaterJob& job : flush.later) tables_.later.emplace(job.job.id, job);
  for (const DeadJob& job : flush.dead) tables_.dead.emplace(job.job.id, job);
  for (const Claim& claim : flush.claims) tables_.claims.insert_or_assign(claim.id, claim);
  for (const Record& record : flush.records)
    tables_.records.insert_or_assign(std::pair(record.kind, record.key), record);
}

std::string DifferenceBetween(net::Loop& loop, Store& store, const MemoryTables& tables) {
  std::string difference;
  std::map<JobId, StoredJob> ready;
  for (auto& [id, item] : ItemsIn(loop, store, Place::kReady)) ready.emplace(id, std::move(item.job));
  if (ready != tables.ready) difference += Unlike("ready", ready.size(), tables.ready.size());

  std::map<JobId, LaterJob> later;
  for (auto& [id, item] : ItemsIn(loop, store, Place::kLater))
    later.emplace(id, LaterJob{.job = std::move(item.job), .wait = item.wait, .run_at = item.at});
  if (later != tables.later) difference += Unlike("later", later.size(), tables.later.size());

  std::map<JobId, DeadJob> dead;
  for (auto& [id, item] : ItemsIn(loop, store, Place::kDead))
    dead.emplace(id, DeadJob{.job = std::move(item.job), .died_at = item.at, .expires_at = WallTime{1}});
  if (dead != tables.dead) difference += Unlike("dead", dead.size(), tables.dead.size());

  std::map<JobId, Claim> claims;
  for (Claim& claim : Must(loop, [&] { return store.LoadClaims(JobId(0), 100'000); }))
    claims.emplace(claim.id, std::move(claim));
  if (claims != tables.claims) difference += Unlike("claims", claims.size(), tables.claims.size());

  std::map<std::pair<std::string, std::string>, Record> records;
  for (const char* const kind : {"count", "lock"})
    for (Record& record : Must(loop, [&] { return store.LoadRecords(kind, "", 100'000); }))
      records.emplace(std::pair(record.kind, record.key), std::move(record));
  if (records != tables.records) difference += Unlike("records", records.size(), tables.records.size());
  return difference;
}

std::string DifferenceAfter(net::Loop& loop, Store& store, std::uint64_t seed, std::uint64_t kept) {
  FlushModel model(seed);
  while (model.number() < kept) (void)model.Next(1);
  return DifferenceBetween(loop, store, model.tables());
}

}  // namespace tidemill::jobs::testing
