#include "jobs/store/testing/memory_store.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "jobs/store/cursor.h"
#include "net/run_to_end.h"

namespace tidemill::jobs::testing {

namespace {

bool Matches(const JobFilter& filter, const StoredJob& job) {
  return (filter.queue.empty() || filter.queue == job.queue) &&
         (filter.type.empty() || filter.type == job.type) && (filter.jid.empty() || filter.jid == job.jid) &&
         (filter.contains.empty() || job.text.contains(filter.contains));
}

// All of a place, in the order of its pages.
std::vector<JobPage::Item> ItemsOf(const MemoryTables& tables, Place place) {
  std::vector<JobPage::Item> items;
  if (place == Place::kReady)
    for (const auto& [id, job] : tables.ready) items.push_back({.job = job});
  if (place == Place::kLater)
    for (const auto& [id, later] : tables.later)
      items.push_back({.job = later.job, .wait = later.wait, .at = later.run_at});
  if (place == Place::kDead)
    for (const auto& [id, dead] : tables.dead) items.push_back({.job = dead.job, .at = dead.died_at});
  std::ranges::sort(items, [place](const auto& a, const auto& b) {
    return IsBefore(place, {a.at, a.job.id}, {b.at, b.job.id});
  });
  return items;
}

// The first `count` values of those behind `after`.
template <class Map, class Key>
auto Behind(const Map& map, const Key& after, std::size_t count) {
  return std::ranges::subrange(map.upper_bound(after), map.end()) | std::views::values |
         std::views::take(static_cast<std::ptrdiff_t>(count));
}

bool IsText(const std::string& text) { return IsUtf8(text) && !text.contains('\0'); }
bool IsText(const StoredJob& job) {
  return IsText(job.jid) && IsText(job.queue) && IsText(job.type) && IsText(job.text);
}

const StoredJob& JobOf(const StoredJob& job) { return job; }
const StoredJob& JobOf(const auto& entry) { return entry.job; }

// Whether these can be inserted where those are deleted first.
Result<> CheckInserts(const auto& map, const auto& inserts, const std::vector<JobId>& deletes) {
  const std::set<JobId> deleted(deletes.begin(), deletes.end());
  std::set<JobId> ids;
  for (const auto& entry : inserts) {
    const StoredJob& job = JobOf(entry);
    if (!IsText(job)) return Fail(Errc::kInvalidArgument, "a text that is none, of " + job.jid);
    const bool is_there = map.contains(job.id) && !deleted.contains(job.id);
    if (job.id == JobId(0) || is_there || !ids.insert(job.id).second)
      return Fail(Errc::kInternal, "the id of " + job.jid + " is there already, or 0");
  }
  return {};
}

Result<> CheckInserts(const MemoryTables& tables, const Flush& flush) {
  TM_TRY(CheckInserts(tables.ready, flush.ready, flush.ready_deletes));
  TM_TRY(CheckInserts(tables.later, flush.later, flush.later_deletes));
  TM_TRY(CheckInserts(tables.dead, flush.dead, flush.dead_deletes));
  for (const Record& record : flush.records)
    if (!IsText(record.key) || !IsText(record.value) || record.key.empty() || record.kind.empty())
      return Fail(Errc::kInvalidArgument, "a record of kind " + record.kind + " has a text that is none");
  return {};
}

}  // namespace

std::int64_t MemoryTables::Enqueue(std::string text) {
  const std::int64_t id = inbox.empty() ? 1 : inbox.rbegin()->first + 1;
  inbox.emplace(id, std::move(text));
  return id;
}

MemoryStore::MemoryStore(net::Loop& loop, std::shared_ptr<MemoryTables> tables)
    : loop_(loop), tables_(std::move(tables)) {}

void MemoryStore::FailCommits(std::size_t count, Error error) { commit_fault_ = {count, std::move(error)}; }

void MemoryStore::FailOthers(std::size_t count, Error error) { other_fault_ = {count, std::move(error)}; }

void MemoryStore::ReleaseCommits() {
  holds_ = false;
  for (const auto& sender : std::exchange(held_, {})) sender.Send(true);
}

void MemoryStore::ReleaseLoads() {
  holds_loads_ = false;
  for (const auto& sender : std::exchange(held_loads_, {})) sender.Send(true);
}

void MemoryStore::TakeOver(std::string node, std::string address) {
  const std::uint64_t epoch = tables_->owner ? tables_->owner->owner.epoch : 0;
  tables_->owner = {.owner = {.node = std::move(node), .address = std::move(address), .epoch = epoch + 1},
                    .expires_at = loop_.clock().WallNow() + Hours(1)};
}

Result<> MemoryStore::Judge(Fault& fault) {
  if (fault.count == 0) return {};
  --fault.count;
  return std::unexpected(fault.error);
}

Task<Result<>> MemoryStore::Begin() {
  others_at_once_ = std::max(others_at_once_, ++others_);
  co_await net::NextTurn(loop_);
  --others_;
  co_return Judge(other_fault_);
}

bool MemoryStore::LeaseHolds() const {
  return tables_->owner && tables_->owner->expires_at > loop_.clock().WallNow();
}

Result<> MemoryStore::CheckEpoch(std::uint64_t epoch) const {
  if (!tables_->owner || tables_->owner->owner.epoch != epoch || epoch != epoch_)
    return Fail(Errc::kPermissionDenied, "another node owns the jobs now");
  return {};
}

Task<Result<Lease>> MemoryStore::Acquire(LeaseRequest request) {
  TM_CO_TRY(co_await Begin());
  auto& row = tables_->owner;
  const bool is_mine = epoch_ != 0 && row && row->owner.epoch == epoch_;
  const bool starts_again = epoch_ == 0 && row && row->owner.node == request.node;
  if (LeaseHolds() && !is_mine && !starts_again)
    co_return Fail(Errc::kPermissionDenied, "node " + row->owner.node + " owns the jobs");
  if (!row) row = MemoryTables::OwnerRow{};
  if (!is_mine) {
    epoch_ = row->owner.epoch + 1;
    row->flush = 0;
  }
  row->owner = {.node = request.node, .address = request.address, .epoch = epoch_};
  row->expires_at = loop_.clock().WallNow() + request.ttl;
  co_return Lease{.epoch = epoch_, .flush = row->flush};
}

Task<Result<>> MemoryStore::Release(LeaseRequest request) {
  TM_CO_TRY(co_await Begin());
  auto& row = tables_->owner;
  if (row && row->owner.node == request.node && row->owner.epoch == epoch_) row->expires_at = WallTime{0};
  co_return {};
}

Task<Result<std::optional<Owner>>> MemoryStore::FindOwner() {
  TM_CO_TRY(co_await Begin());
  if (!LeaseHolds()) co_return std::nullopt;
  co_return tables_->owner->owner;
}

Task<Result<>> MemoryStore::Commit(std::shared_ptr<const Flush> flush) {
  co_return co_await RunToEnd(commits_, CommitToTheEnd(std::move(flush)));
}

Task<Result<>> MemoryStore::CommitToTheEnd(std::shared_ptr<const Flush> flush) {
  co_await net::NextTurn(loop_);
  if (holds_) {
    net::Reply<bool> released(loop_);
    held_.push_back(released.sender());
    co_await released;
  }
  TM_CO_TRY(Judge(commit_fault_));
  co_return Keep(flush);
}

Result<> MemoryStore::Keep(const std::shared_ptr<const Flush>& flush) {
  TM_TRY(CheckEpoch(flush->epoch));
  MemoryTables& t = *tables_;
  Result<> checked = CheckInserts(t, *flush);
  if (flush->number != t.owner->flush + 1)
    checked = Fail(Errc::kPermissionDenied, "the number of the flush does not follow");
  if (!checked) {
    bugs_.push_back(checked.error().detail);
    return checked;
  }
  t.owner->flush = flush->number;
  for (const JobId id : flush->ready_deletes) t.ready.erase(id);
  for (const JobId id : flush->later_deletes) t.later.erase(id);
  for (const JobId id : flush->dead_deletes) t.dead.erase(id);
  for (const JobId id : flush->claim_deletes) t.claims.erase(id);
  for (const RecordKey& key : flush->record_deletes) t.records.erase({key.kind, key.key});
  for (const std::int64_t id : flush->inbox_deletes) t.inbox.erase(id);
  for (const StoredJob& job : flush->ready) t.ready.emplace(job.id, job);
  for (const LaterJob& later : flush->later) t.later.emplace(later.job.id, later);
  for (const DeadJob& dead : flush->dead) t.dead.emplace(dead.job.id, dead);
  for (const Claim& claim : flush->claims) t.claims.insert_or_assign(claim.id, claim);
  for (const Record& record : flush->records)
    t.records.insert_or_assign(std::pair(record.kind, record.key), record);
  flushes_.push_back(flush);
  return {};
}

Task<Result<JobId>> MemoryStore::LastId() {
  TM_CO_TRY(co_await Begin());
  JobId last;
  if (!tables_->ready.empty()) last = std::max(last, tables_->ready.rbegin()->first);
  if (!tables_->later.empty()) last = std::max(last, tables_->later.rbegin()->first);
  if (!tables_->dead.empty()) last = std::max(last, tables_->dead.rbegin()->first);
  co_return last;
}

Task<Result<std::vector<StoredJob>>> MemoryStore::LoadReady(JobId after, std::size_t count,
                                                            std::size_t text_bytes_max) {
  TM_CO_TRY(co_await Begin());
  if (holds_loads_) {
    net::Reply<bool> released(loop_);
    held_loads_.push_back(released.sender());
    co_await released;
  }
  std::vector<StoredJob> jobs;
  std::size_t bytes = 0;
  for (const StoredJob& job : Behind(tables_->ready, after, count)) {
    jobs.push_back(job);
    bytes += job.text.size();
    if (bytes > text_bytes_max) jobs.back().text.clear();
  }
  co_return jobs;
}

Task<Result<std::vector<Store::LaterEntry>>> MemoryStore::LoadLater(LaterPosition after, std::size_t count) {
  TM_CO_TRY(co_await Begin());
  std::vector<LaterEntry> entries;
  for (const JobPage::Item& item : ItemsOf(*tables_, Place::kLater)) {
    if (entries.size() == count) break;
    if (item.wait == Wait::kBlocked || std::pair(item.at, item.job.id) <= std::pair(after.run_at, after.id))
      continue;
    entries.push_back({.id = item.job.id,
                       .run_at = item.at,
                       .wait = item.wait,
                       .jid = item.job.jid,
                       .queue = item.job.queue});
  }
  co_return entries;
}

Task<Result<std::vector<Claim>>> MemoryStore::LoadClaims(JobId after, std::size_t count) {
  TM_CO_TRY(co_await Begin());
  std::vector<Claim> claims;
  std::ranges::copy(Behind(tables_->claims, after, count), std::back_inserter(claims));
  co_return claims;
}

Task<Result<std::vector<Record>>> MemoryStore::LoadRecords(std::string kind, std::string after,
                                                           std::size_t count) {
  TM_CO_TRY(co_await Begin());
  std::vector<Record> records;
  for (const Record& record : Behind(tables_->records, std::pair(kind, after), count))
    if (record.kind == kind) records.push_back(record);
  co_return records;
}

Task<Result<std::optional<Record>>> MemoryStore::FindRecord(RecordKey key) {
  TM_CO_TRY(co_await Begin());
  const auto found = tables_->records.find({key.kind, key.key});
  if (found == tables_->records.end()) co_return std::nullopt;
  co_return found->second;
}

Task<Result<std::vector<JobPage::Item>>> MemoryStore::Load(Place place, std::vector<JobId> ids) {
  TM_CO_TRY(co_await Begin());
  std::vector<JobPage::Item> items = ItemsOf(*tables_, place);
  std::erase_if(items,
                [&](const JobPage::Item& item) { return std::ranges::find(ids, item.job.id) == ids.end(); });
  co_return items;
}

Task<Result<JobPage>> MemoryStore::List(PageRequest request) {
  ++lists_;
  TM_CO_TRY(co_await Begin());
  const std::vector<JobPage::Item> items = ItemsOf(*tables_, request.place);
  auto at = items.begin();
  if (!request.cursor.empty()) {
    TM_CO_TRY_ASSIGN(const LaterPosition after, ParseCursor(request.cursor));
    at = std::ranges::find_if(items, [&](const JobPage::Item& item) {
      return IsBefore(request.place, after, {item.at, item.job.id});
    });
  }
  JobPage page;
  for (std::size_t seen = 0; at != items.end(); ++at, ++seen) {
    if (page.items.size() == request.count || seen == 10 * request.count) {
      page.next = CursorOf(PositionOf(*std::prev(at)));
      break;
    }
    if (request.filter.wait && *request.filter.wait != at->wait) continue;
    if (Matches(request.filter, at->job)) page.items.push_back(*at);
  }
  co_return page;
}

Task<Result<std::uint64_t>> MemoryStore::Count(Place place) {
  TM_CO_TRY(co_await Begin());
  co_return ItemsOf(*tables_, place).size();
}

Task<Result<std::vector<InboxJob>>> MemoryStore::LoadInbox(std::size_t count) {
  TM_CO_TRY(co_await Begin());
  std::vector<InboxJob> jobs;
  for (const auto& [id, text] : tables_->inbox) {
    if (jobs.size() == count) break;
    jobs.push_back({.id = id, .text = text});
  }
  co_return jobs;
}

Task<Result<>> MemoryStore::RingForInbox(bool rings) {
  TM_CO_TRY(co_await Begin());
  tables_->rings = rings;
  co_return {};
}

Task<Result<std::size_t>> MemoryStore::Sweep(WallTime now, std::size_t count) {
  TM_CO_TRY(co_await Begin());
  std::size_t dropped = 0;
  std::erase_if(tables_->dead, [&](const auto& entry) {
    return entry.second.expires_at <= now && dropped < count && ++dropped > 0;
  });
  std::erase_if(tables_->records, [&](const auto& entry) {
    const auto& expires_at = entry.second.expires_at;
    return expires_at && *expires_at <= now && dropped < count && ++dropped > 0;
  });
  co_return dropped;
}

Task<Result<>> MemoryStore::Clear(std::uint64_t epoch) {
  TM_CO_TRY(co_await Begin());
  TM_CO_TRY(CheckEpoch(epoch));
  tables_->ready.clear();
  tables_->later.clear();
  tables_->dead.clear();
  tables_->claims.clear();
  tables_->inbox.clear();
  std::erase_if(tables_->records, [](const auto& entry) {
    return entry.first.first != "cron" && entry.first.first != "queue";
  });
  co_return {};
}

}  // namespace tidemill::jobs::testing
