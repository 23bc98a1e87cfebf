// FakeDirectory: a node's own directory that writes down what it was asked to do.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "net/async.h"
#include "realtime/session/directory.h"

namespace tidemill::cluster::testing {

class FakeDirectory final : public session::Directory {
 public:
  FakeDirectory(net::Loop& loop, std::string uid) : loop_(loop) {
    info.uid = std::move(uid);
    info.name = "name of " + info.uid;
    info.version = "1";
  }

  Task<Result<void>> Subscribe(session::Target target, session::ServerSubscribe subscribe) override {
    return Note("subscribe " + target.user + " " + subscribe.channel);
  }
  Task<Result<void>> Unsubscribe(session::Target target, std::string channel) override {
    return Note("unsubscribe " + target.user + " " + channel);
  }
  Task<Result<void>> Disconnect(session::Target target, session::Disconnect disconnect) override {
    return Note("disconnect " + target.user + " " + std::to_string(disconnect.code));
  }
  Task<Result<void>> Refresh(session::Target target, session::ServerRefresh refresh) override {
    return Note("refresh " + target.user + (refresh.expired ? " expired" : ""));
  }
  Task<std::uint64_t> CountOfUser(std::string) override { co_return sessions_of_user; }
  Task<std::vector<session::NodeInfo>> Nodes() override { co_return std::vector{info}; }
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override {
    patterns.push_back(std::move(pattern));
    co_return channels;
  }

  session::NodeInfo info;
  std::vector<std::string> done;  // "disconnect u 3000"
  std::vector<std::string> patterns;
  Result<void> answer;
  Duration busy{};  // how long commands take
  std::uint64_t sessions_of_user = 0;
  Result<std::vector<broker::ChannelCount>> channels;

 private:
  Task<Result<void>> Note(std::string line) {
    done.push_back(std::move(line));
    if (busy.ms > 0) co_await net::Sleep(loop_, busy);
    co_return answer;
  }

  net::Loop& loop_;
};

}  // namespace tidemill::cluster::testing
