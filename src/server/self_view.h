// SelfView: what a node tells of itself to those who run it: its settings key by key, and what `doctor`
// finds.
//
// One for all loops of the node. Any thread, but for what says otherwise.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/method.h"
#include "config/sources.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class SelfView {
 public:
  SelfView();
  ~SelfView();

  // What is in force from now on. `waiting`: keys that only a restart takes over.
  void Set(const settings::Settings& settings, const config::Sources& sources, const config::Origins& origins,
           const std::vector<std::string>& waiting);

  // Of the HTTP API, for the loop.
  std::vector<api::Method> MethodsFor(net::Loop& loop);

  std::string Configuration() const;
  // On a loop: looks, unless somebody does already or has just done. kErrorUnavailable: somebody does, and
  // nothing was found before.
  Task<api::Outcome> Examine(net::Loop& loop);

 private:
  struct State;
  // Shared with the thread that looks, which may be slow.
  const std::shared_ptr<State> state_;
};

}  // namespace tidemill::server
