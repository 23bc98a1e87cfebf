// Drain: how a server ends in order: named steps, one after the other, and the pace at which sessions leave.
//
// Main thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidemill::server {

struct DrainStep {
  std::string_view name;  // for logs
  std::function<void()> run;
};

void RunInOrder(const std::vector<DrainStep>& steps);

// How steps wait.
struct Waiting {
  const Clock& clock;
  std::function<void(Duration)> pause;
  std::function<bool()> should_abort;  // asked between pauses: waits no longer
};

// Waits until `done` says so; no longer than `patience`.
void WaitUntil(const Waiting& waiting, Duration patience, const std::function<bool()>& done);

// The sessions to be ended.
struct SessionsToEnd {
  std::function<std::size_t()> count;
  std::function<void(std::size_t)> end;  // up to so many
};

// Ends them all, spread evenly, so that the nodes they go to can take them: at most 1000 a second, and faster
// only where `timeout` asks for it, of which the last fifth is left for those that end last.
void EndEvenly(const Waiting& waiting, Duration timeout, const SessionsToEnd& sessions);

}  // namespace tidemill::server
