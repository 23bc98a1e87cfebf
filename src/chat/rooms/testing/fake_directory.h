// FakeDirectory: notes whose subscriptions are ended.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "net/task.h"
#include "realtime/control/directory.h"

namespace tidemill::chat::testing {

class FakeDirectory final : public control::Directory {
 public:
  Task<Result<void>> Apply(control::Target target, control::Action action) override {
    const auto* const end = std::get_if<control::Unsubscribe>(&action);
    TM_ASSERT(end != nullptr);
    ended_.insert(target.user + " " + end->channel);
    co_return Result<void>();
  }
  Task<std::uint64_t> CountOfUser(std::string) override { co_return 0; }
  Task<std::vector<control::NodeInfo>> Nodes() override { co_return std::vector<control::NodeInfo>(); }
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string) override {
    co_return std::vector<broker::ChannelCount>();
  }
  Task<Result<control::ConnectionsPage>> Connections(control::ConnectionsQuery) override {
    co_return control::ConnectionsPage();
  }

  // "ada chat:room/7", and forgets them.
  std::set<std::string> Ended() { return std::exchange(ended_, {}); }

 private:
  std::set<std::string> ended_;
};

}  // namespace tidemill::chat::testing
