#include "server/drain.h"

#include <algorithm>

#include "base/log.h"

namespace tidemill::server {
namespace {

constexpr std::size_t kEndedPerSecond = 1000;
constexpr Duration kPause = Milliseconds(50);

}  // namespace

void RunInOrder(const std::vector<DrainStep>& steps) {
  for (const DrainStep& step : steps) {
    log::Debug("server.drain_step", {{"step", step.name}});
    step.run();
  }
}

void WaitUntil(const Waiting& waiting, Duration patience, const std::function<bool()>& done) {
  const MonotonicTime begun = waiting.clock.Now();
  while (!done() && !waiting.should_abort() && waiting.clock.Now() - begun < patience) waiting.pause(kPause);
}

void EndEvenly(const Waiting& waiting, Duration timeout, const SessionsToEnd& sessions) {
  const MonotonicTime begun = waiting.clock.Now();
  const std::int64_t pauses_max = std::max<std::int64_t>(timeout.ms * 4 / 5 / kPause.ms, 1);
  const std::size_t at_this_pace = kEndedPerSecond * static_cast<std::size_t>(kPause.ms) / 1000;
  const std::size_t in_time = sessions.count() / static_cast<std::size_t>(pauses_max) + 1;
  const std::size_t each = std::max(at_this_pace, in_time);
  while (sessions.count() > 0 && !waiting.should_abort() && waiting.clock.Now() - begun < timeout) {
    sessions.end(each);
    waiting.pause(kPause);
  }
}

}  // namespace tidemill::server
