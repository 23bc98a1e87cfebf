#include "realtime/status/memory_table.h"

#include <algorithm>
#include <utility>

#include "net/loop.h"
#include "net/next_turn.h"

namespace tidemill::status {
namespace {

// In one call: what is noted pays for what is forgotten.
constexpr int kForgottenAtOnce = 4;

class MemoryStore final : public Store {
 public:
  MemoryStore(MemoryTable& table, const Clock& clock) : table_(table), clock_(clock) {}

  Task<Result<void>> Note(std::vector<std::string> users, Sign sign, WallTime at) override {
    for (const std::string& user : users) {
      table_.Note(user, sign, at);
      co_await Share();
    }
    co_return {};
  }

  Task<Result<std::vector<UserStatus>>> Get(std::vector<std::string> users) override {
    std::vector<UserStatus> found;
    for (const std::string& user : users) {
      found.push_back(table_.Get(user, clock_.WallNow()));
      co_await Share();
    }
    co_return found;
  }

  Task<Result<void>> Delete(std::vector<std::string> users) override {
    for (const std::string& user : users) {
      table_.Delete(user);
      co_await Share();
    }
    co_return {};
  }

 private:
  static Task<void> Share() {
    net::Loop* const loop = net::Loop::Current();
    if (loop != nullptr && loop->ShareSpent()) co_await net::NextTurn(*loop);
  }

  MemoryTable& table_;
  const Clock& clock_;
};

}  // namespace

MemoryTable::MemoryTable(StoreLimits limits, metrics::Registry& registry)
    : limits_(limits),
      users_(registry.AddGauge("tidemill_user_statuses", "Users whose status is kept in memory.")),
      forgotten_(registry.AddCounter(
          "tidemill_user_statuses_forgotten_total",
          "Statuses that were forgotten before their time: user_status.users_max was reached.")) {}

void MemoryTable::Note(std::string_view user, Sign sign, WallTime at) {
  const std::int64_t seconds = at.ms / 1000;
  const std::scoped_lock lock(mutex_);
  ForgetOld(seconds);
  auto found = by_user_.find(user);
  if (found == by_user_.end()) {
    if (entries_.size() >= limits_.users_max) {
      Forget(std::prev(entries_.end()));
      forgotten_.Add();
    }
    entries_.push_front({.user = std::string(user)});
    found = by_user_.emplace(entries_.front().user, entries_.begin()).first;
    users_.Add(1);
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  std::int64_t& noted = found->second->at[static_cast<std::size_t>(sign)];
  noted = std::max(noted, seconds);
}

UserStatus MemoryTable::Get(std::string_view user, WallTime now) const {
  UserStatus status{.user = std::string(user)};
  const std::int64_t oldest = (now.ms - limits_.expire_interval.ms) / 1000;
  const std::scoped_lock lock(mutex_);
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return status;
  const auto of = [&](Sign sign) {
    const std::int64_t at = found->second->at[static_cast<std::size_t>(sign)];
    return at >= oldest ? at : 0;
  };
  status.active = of(Sign::kActive);
  status.online = of(Sign::kOnline);
  return status;
}

void MemoryTable::Delete(std::string_view user) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_user_.find(user);
  if (found != by_user_.end()) Forget(found->second);
}

std::unique_ptr<Store> MemoryTable::MakeStore(const Clock& clock) {
  return std::make_unique<MemoryStore>(*this, clock);
}

void MemoryTable::Forget(Entries::iterator entry) {
  by_user_.erase(entry->user);
  entries_.erase(entry);
  users_.Sub(1);
}

void MemoryTable::ForgetOld(std::int64_t now) {
  const std::int64_t oldest = now - limits_.expire_interval.ms / 1000;
  for (int i = 0; i < kForgottenAtOnce && !entries_.empty() && entries_.back().latest() < oldest; ++i) {
    Forget(std::prev(entries_.end()));
  }
}

}  // namespace tidemill::status
