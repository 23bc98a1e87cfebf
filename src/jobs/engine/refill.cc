#include "jobs/engine/refill.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kPagesAhead = 8;  // jobs that are looked at: the next kPagesAhead * kPage
constexpr std::uint64_t kTakenUntilLook = 500;

// Whether something was filled in.
Task<bool> RefillPage(Core& core, queue::QueueId queue) {
  const auto wanted = core.dispatcher.Jobs(queue).Wanted(kPage * kPagesAhead);
  if (wanted.empty()) co_return false;
  std::vector<JobId> ids;
  std::unordered_map<std::uint64_t, queue::Ready::Want> by_id;
  for (std::size_t i = 0; i < wanted.size() && i < kPage; ++i) {
    ids.push_back(wanted[i].id);
    by_id[wanted[i].id.value()] = wanted[i];
  }
  const std::uint64_t tenure = core.tenure;
  // A job that was given back has another text than before.
  if (!co_await AllWritten(core.flusher) || tenure != core.tenure) co_return false;
  auto loaded = co_await core.store.Load(Place::kReady, std::move(ids));
  if (!loaded) {
    log::Warn("jobs.load_failed", {{"error", loaded.error().detail}});
    co_return false;
  }
  bool is_filled = false;
  for (JobPage::Item& item : *loaded) {
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    if (tenure != core.tenure) co_return false;
    is_filled |=
        core.dispatcher.MutableJobs(queue).Fill(by_id[item.job.id.value()], std::move(item.job.text));
  }
  co_return is_filled;
}

Task<void> Refill(Core& core, queue::QueueId queue) {
  const std::uint64_t tenure = core.tenure;
  while (tenure == core.tenure && co_await RefillPage(core, queue)) {
  }
  if (tenure == core.tenure) core.At(queue).is_refilling = false;
}

}  // namespace

void RefillIfLow(Core& core, queue::QueueId queue) {
  QueueState& state = core.At(queue);
  if (core.dispatcher.Jobs(queue).without_text() == 0) return;
  if (state.is_refilling || ++state.taken < kTakenUntilLook) return;
  state.taken = 0;
  state.is_refilling = true;
  core.scope.Spawn(Refill(core, queue));
}

}  // namespace tidemill::jobs
