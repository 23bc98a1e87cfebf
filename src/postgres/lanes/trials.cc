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

bool Trials::IsOn(const sql::Statement& statement) const {
  const auto found = entries_.find(statement.identity());
  return found != entries_.end() && found->second->is_on;
}

Trials::Trial Trials::Begin(const sql::Statement& statement) {
  TM_ASSERT(!IsOn(statement));
  if (entries_.empty()) loop_.timers().Schedule(*this, loop_.clock().Now() + kLookInterval);
  std::unique_ptr<Entry>& entry = entries_[statement.identity()];
  if (!entry) entry.reset(new Entry{.statement = statement, .waiting = {loop_, limits_, metrics_}});
  entry->is_on = true;
  return {*this, statement.identity()};
}

Task<sql::Result<void>> Trials::Wait(sql::Statement statement, std::optional<MonotonicTime> deadline) {
  TM_ASSERT(IsOn(statement));
  co_return co_await WaitQueue::Wait(entries_.at(statement.identity())->waiting,
                                     Patience{.deadline = deadline, .wait_max = {}});
}

void Trials::End(const void* statement) {
  entries_.at(statement)->is_on = false;
  loop_.ArmNextTurn(*this);
}

// Who is woken may begin other trials, or this one again.
void Trials::Wake(const void* statement, std::size_t& left) {
  Entry& entry = *entries_.at(statement);
  const auto is_known = [&] { return slowness_.SpeedOf(entry.statement) != Slowness::Speed::kUntried; };
  while (left > 0 && !entry.waiting.empty() && (!entry.is_on || is_known())) {
    --left;
    entry.waiting.WakeFirst();
  }
}

void Trials::OnReady(std::uint32_t) {
  std::vector<const void*> statements;
  for (const auto& [statement, entry] : entries_) statements.push_back(statement);
  std::size_t left = kWakesPerTurn;
  for (const void* const statement : statements) Wake(statement, left);
  std::erase_if(entries_,
                [](const auto& each) { return !each.second->is_on && each.second->waiting.empty(); });
  if (left == 0) loop_.ArmNextTurn(*this);
}

void Trials::OnTimer() {
  OnReady(0);
  if (!entries_.empty()) loop_.timers().Schedule(*this, loop_.clock().Now() + kLookInterval);
}

}  // namespace tidemill::postgres
