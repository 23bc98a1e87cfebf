#include "postgres/lanes/trials.h"

#include <vector>

#include "base/assert.h"

namespace tidemill::postgres {
namespace {

// How soon those who wait learn that what is tried takes long.
constexpr Duration kLookInterval = Milliseconds(50);
// Each sends a statement.
constexpr std::size_t kWakesPerTurn = 64;

}  // namespace

Trials::Trials(net::Loop& loop, const Slowness& slowness, WaitLimits limits, Metrics& metrics)
    : loop_(loop), slowness_(slowness), limits_(limits), metrics_(metrics) {}

Trials::~Trials() {
  loop_.Disarm(*this);
  loop_.timers().Cancel(*this);
}

bool Trials::IsOn(const sql::Statement& statement, Slowness::Company company) const {
  const auto found = entries_.find(Slowness::KeyOf(statement, company));
  return found != entries_.end() && found->second->is_on;
}

Trials::Trial Trials::Begin(const sql::Statement& statement, Slowness::Company company) {
  TM_ASSERT(!IsOn(statement, company));
  if (entries_.empty()) loop_.timers().Schedule(*this, loop_.clock().Now() + kLookInterval);
  const Slowness::Key key = Slowness::KeyOf(statement, company);
  std::unique_ptr<Entry>& entry = entries_[key];
  if (!entry) entry.reset(new Entry{.statement = statement, .waiting = {loop_, limits_, metrics_}});
  entry->is_on = true;
  return {*this, key};
}

Task<sql::Result<void>> Trials::Wait(sql::Statement statement, Slowness::Company company,
                                     std::optional<MonotonicTime> deadline) {
  TM_ASSERT(IsOn(statement, company));
  co_return co_await WaitQueue::Wait(entries_.at(Slowness::KeyOf(statement, company))->waiting,
                                     Patience{.deadline = deadline, .wait_max = {}});
}

void Trials::End(Slowness::Key key) {
  entries_.at(key)->is_on = false;
  loop_.ArmNextTurn(*this);
}

// Who is woken may begin other trials, or this one again.
void Trials::Wake(Slowness::Key key, std::size_t& left) {
  Entry& entry = *entries_.at(key);
  const auto is_known = [&] {
    return slowness_.SpeedOf(entry.statement, key.company) != Slowness::Speed::kUntried;
  };
  while (left > 0 && !entry.waiting.empty() && (!entry.is_on || is_known())) {
    --left;
    entry.waiting.WakeFirst();
  }
}

void Trials::OnReady(std::uint32_t) {
  std::vector<Slowness::Key> keys;
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  std::size_t left = kWakesPerTurn;
  for (const Slowness::Key& key : keys) Wake(key, left);
  std::erase_if(entries_,
                [](const auto& each) { return !each.second->is_on && each.second->waiting.empty(); });
  if (left == 0) loop_.ArmNextTurn(*this);
}

void Trials::OnTimer() {
  OnReady(0);
  if (!entries_.empty()) loop_.timers().Schedule(*this, loop_.clock().Now() + kLookInterval);
}

}  // namespace tidemill::postgres
