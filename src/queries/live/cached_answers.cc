#include "queries/live/cached_answers.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "queries/cache/answers_name.h"
#include "queries/cache/generations.h"

namespace tidemill::queries::live {
namespace {

// A trigger may have been dropped, or made; a partition may have come.
constexpr Duration kCoverInterval = Seconds(15);

}  // namespace

void CachedAnswers::ReplaceServing(const Serving& serving) {
  std::map<ServedPtr, Followed> now;
  for (const auto& each : serving.endpoints) {
    if (each->cache == nullptr) continue;
    const auto known = endpoints_.find(each);
    now[each] = known == endpoints_.end() ? Followed() : std::move(known->second);
  }
  endpoints_ = std::move(now);
  by_table_.clear();
  for (const auto& [served, followed] : endpoints_) {
    if (followed.known) Take(served, followed.coverage);
  }
  if (endpoints_.empty()) {
    loop_.timers().Cancel(*this);
    source_->SetWanted(false);
    return;
  }
  Begin();
}

void CachedAnswers::Take(const ServedPtr& served, Coverage coverage) {
  Followed& followed = endpoints_[served];
  if (coverage.covered) {
    for (const std::string& table : coverage.tables) {
      by_table_[Generations::NameOf(table)].insert(AnswersNameOf(served->endpoint->operation_id));
    }
  }
  followed = {.coverage = std::move(coverage), .known = true};
}

std::size_t CachedAnswers::followed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(endpoints_, [](const auto& each) { return each.second.coverage.covered; }));
}

void CachedAnswers::Begin() {
  again_ = true;
  if (!std::exchange(covers_, true)) scope_.Spawn(CoverAll(*this));
}

void CachedAnswers::OnTimer() { Begin(); }

Task<void> CachedAnswers::CoverAll(CachedAnswers& self) {
  while (std::exchange(self.again_, false)) {
    self.source_->SetWanted(!self.endpoints_.empty());
    const std::map<ServedPtr, Followed> all = self.endpoints_;
    for (const auto& [served, before] : all) {
      const Endpoint& endpoint = *served->endpoint;
      auto coverage = co_await self.source_->Cover(endpoint.reads, std::nullopt);
      if (!coverage || !self.endpoints_.contains(served)) continue;
      if (coverage->covered && !endpoint.knows_tables) {
        coverage->covered = false;
        coverage->why = "it calls functions that may read other tables";
      }
      if (before.known && *coverage == before.coverage) continue;
      if (!before.known || coverage->why != before.coverage.why) {
        log::Info("queries.cache_followed", {{"endpoint", served->query().route.ToString()},
                                             {"outside_writes", coverage->covered},
                                             {"why", coverage->why}});
      }
      self.Take(served, *std::move(coverage));
      self.end_(
          {AnswersNameOf(served->endpoint->operation_id)});  // nobody has told of what was written before
    }
  }
  self.covers_ = false;
  if (!self.endpoints_.empty()) self.loop_.timers().Schedule(self, self.loop_.Now() + kCoverInterval);
}

void CachedAnswers::OnChange(std::span<const TableChange> changes, std::span<const std::string>) {
  std::set<std::string> names;
  for (const TableChange& change : changes) {
    const auto found = by_table_.find(Generations::NameOf(change.table));
    if (found != by_table_.end()) names.insert(found->second.begin(), found->second.end());
  }
  if (!names.empty()) end_({names.begin(), names.end()});
}

// Of those whose writes are told; the others end by time.
void CachedAnswers::OnChangeSomewhere() {
  std::set<std::string> names;
  for (const auto& [table, of] : by_table_) names.insert(of.begin(), of.end());
  if (!names.empty()) end_({names.begin(), names.end()});
}

}  // namespace tidemill::queries::live
