#include "jobs/engine/gathering.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kRowBytes = 64;      // what a row takes beside its texts, about
constexpr std::size_t kPushesAtOnce = 64;  // of one flush, often

StoredJob& JobOf(StoredJob& row) { return row; }
template <class T>
StoredJob& JobOf(T& row) {
  return row.job;
}

template <class T>
void EraseHolesOf(std::vector<T>& rows) {
  std::erase_if(rows, [](T& row) { return JobOf(row).id == JobId(0); });
}

std::vector<JobId>& DeletesOf(Flush& flush, Place place) {
  switch (place) {
    case Place::kReady: return flush.ready_deletes;
    case Place::kLater: return flush.later_deletes;
    case Place::kDead: break;
  }
  return flush.dead_deletes;
}

std::string NameOf(std::string_view kind, std::string_view key) {
  std::string name(kind);
  name += '\n';
  name += key;
  return name;
}

}  // namespace

void Gathering::Push(PushedJob&& job) {
  Note(kRowBytes + job.row.job.text.size());
  if (pushed_.empty()) pushed_.reserve(kPushesAtOnce);
  pushed_.push_back(std::move(job));
}

template <class T>
void Gathering::Insert(Place place, std::vector<T>& rows, T row) {
  Note(kRowBytes + JobOf(row).text.size());
  inserted_[JobOf(row).id.value()] = {.place = place, .index = rows.size()};
  rows.push_back(std::move(row));
}
template void Gathering::Insert(Place, std::vector<StoredJob>&, StoredJob);
template void Gathering::Insert(Place, std::vector<LaterJob>&, LaterJob);
template void Gathering::Insert(Place, std::vector<DeadJob>&, DeadJob);

void Gathering::InsertNew(StoredJob job) {
  const std::uint64_t id = job.id.value();
  Insert(std::move(job));
  inserted_[id].is_new = true;
}

void Gathering::Remove(Place place, JobId id) {
  const auto found = inserted_.find(id.value());
  if (found != inserted_.end() && found->second.place == place) {
    const Row row = found->second;
    inserted_.erase(found);
    StoredJob& job = place == Place::kReady   ? flush_.ready[row.index]
                     : place == Place::kLater ? flush_.later[row.index].job
                                              : flush_.dead[row.index].job;
    bytes_ -= job.text.size() + kRowBytes;
    --rows_;
    job = {};
    has_holes_ = true;
    if (row.is_new) return;
  }
  Note(sizeof(JobId));
  DeletesOf(flush_, place).push_back(id);
}

void Gathering::PutClaim(Claim claim) {
  Note(kRowBytes);
  flush_.claims.push_back(std::move(claim));
}

void Gathering::RemoveClaim(JobId id) {
  std::erase_if(flush_.claims, [id](const Claim& claim) { return claim.id == id; });
  Note(sizeof(JobId));
  flush_.claim_deletes.push_back(id);
}

void Gathering::Put(Record record) {
  const auto [at, is_new] = puts_.try_emplace(NameOf(record.kind, record.key), flush_.records.size());
  if (!is_new) {
    Record& before = flush_.records[at->second];
    bytes_ += record.value.size();
    bytes_ -= before.value.size();
    before = std::move(record);
    return;
  }
  Note(kRowBytes + record.value.size());
  flush_.records.push_back(std::move(record));
}

void Gathering::Remove(RecordKey key) {
  if (const auto found = puts_.find(NameOf(key.kind, key.key)); found != puts_.end()) {
    flush_.records[found->second].kind.clear();
    puts_.erase(found);
    has_holes_ = true;
  }
  Note(kRowBytes);
  flush_.record_deletes.push_back(std::move(key));
}

const Record* Gathering::FindPut(std::string_view kind, std::string_view key) const {
  const auto found = puts_.find(NameOf(kind, key));
  return found == puts_.end() ? nullptr : &flush_.records[found->second];
}

void Gathering::RemovePut(std::string_view kind, std::string_view key) {
  if (FindPut(kind, key) != nullptr) Remove(RecordKey{std::string(kind), std::string(key)});
}

void Gathering::RemoveInbox(std::int64_t id) {
  Note(sizeof id);
  flush_.inbox_deletes.push_back(id);
}

void Gathering::EraseHoles() {
  if (!std::exchange(has_holes_, false)) return;
  EraseHolesOf(flush_.ready);
  EraseHolesOf(flush_.later);
  EraseHolesOf(flush_.dead);
  std::erase_if(flush_.records, [](const Record& record) { return record.kind.empty(); });
}

std::shared_ptr<const Flush> Gathering::Seal(std::uint64_t epoch, std::uint64_t number) {
  TM_ASSERT(sealed_ == nullptr);
  EraseHoles();
  inserted_.clear();
  puts_.clear();
  sealed_ = std::make_shared<Flush>(std::move(flush_));
  flush_ = {};
  sealed_->epoch = epoch;
  sealed_->number = number;
  sealed_->ready.reserve(sealed_->ready.size() + pushed_.size());
  for (PushedJob& push : pushed_) {
    if (push.place == Place::kReady) {
      sealed_->ready.push_back(std::move(push.row.job));
    } else {
      sealed_->later.push_back(std::move(push.row));
    }
  }
  return sealed_;
}

std::vector<PushedJob> Gathering::TakePushed() {
  for (std::size_t i = pushed_.size(); i-- > 0;) {  // they stand at the end of each list, in their order
    PushedJob& push = pushed_[i];
    if (push.place == Place::kReady) {
      push.row.job = std::move(sealed_->ready.back());
      sealed_->ready.pop_back();
    } else {
      push.row = std::move(sealed_->later.back());
      sealed_->later.pop_back();
    }
  }
  return std::exchange(pushed_, {});
}

std::vector<PushedJob> Gathering::Reopen() {
  std::vector<PushedJob> pushed;
  if (sealed_ != nullptr) {
    pushed = TakePushed();
    flush_ = std::move(*sealed_);
    sealed_.reset();
    for (std::size_t i = 0; i < flush_.ready.size(); ++i)
      inserted_[flush_.ready[i].id.value()] = {.place = Place::kReady, .index = i};
    for (std::size_t i = 0; i < flush_.later.size(); ++i)
      inserted_[flush_.later[i].job.id.value()] = {.place = Place::kLater, .index = i};
    for (std::size_t i = 0; i < flush_.dead.size(); ++i)
      inserted_[flush_.dead[i].job.id.value()] = {.place = Place::kDead, .index = i};
    for (std::size_t i = 0; i < flush_.records.size(); ++i)
      puts_[NameOf(flush_.records[i].kind, flush_.records[i].key)] = i;
  } else {
    pushed = std::exchange(pushed_, {});
  }
  std::vector<PushedJob> gone;
  for (PushedJob& push : pushed) {
    (push.pushed.if_failed == Pushed::IfFailed::kRetry ? pushed_ : gone).push_back(std::move(push));
  }
  for (const PushedJob& push : gone) {
    --rows_;
    bytes_ -= kRowBytes + push.row.job.text.size();
  }
  return gone;
}

}  // namespace tidemill::jobs
