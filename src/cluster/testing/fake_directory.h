// FakeDirectory: a node's own directory that writes down what it was asked to do.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "net/async.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster::testing {

class FakeDirectory final : public control::Directory {
 public:
  FakeDirectory(net::Loop& loop, std::string uid) : loop_(loop) {
    info.uid = std::move(uid);
    info.name = "name of " + info.uid;
    info.version = "1";
  }

  Task<Result<void>> Apply(control::Target target, control::Action action) override {
    return Note(std::visit([&](const auto& chosen) { return Line(target.user, chosen); }, action));
  }
  Task<std::uint64_t> CountOfUser(std::string) override { co_return sessions_of_user; }
  Task<std::vector<control::NodeInfo>> Nodes() override { co_return std::vector{info}; }
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override {
    patterns.push_back(std::move(pattern));
    co_return channels;
  }

  Task<Result<control::ConnectionsPage>> Connections(control::ConnectionsQuery query) override {
    asked = std::move(query);
    co_return connections;
  }

  control::NodeInfo info;
  control::ConnectionsQuery asked;
  Result<control::ConnectionsPage> connections;
  std::vector<std::string> done;  // "disconnect u 3000"
  std::vector<std::string> patterns;
  Result<void> answer;
  Duration busy{};  // how long commands take
  std::uint64_t sessions_of_user = 0;
  Result<std::vector<broker::ChannelCount>> channels;

 private:
  static std::string Line(const std::string& user, const control::Subscribe& subscribe) {
    return "subscribe " + user + " " + subscribe.channel;
  }
  static std::string Line(const std::string& user, const control::Unsubscribe& unsubscribe) {
    return "unsubscribe " + user + " " + unsubscribe.channel;
  }
  static std::string Line(const std::string& user, const control::Disconnect& disconnect) {
    return "disconnect " + user + " " + std::to_string(disconnect.code);
  }
  static std::string Line(const std::string& user, const control::Refresh& refresh) {
    return "refresh " + user + (refresh.expired ? " expired" : "");
  }
  static std::string Line(const std::string&, const control::Deliver& deliver) {
    return "deliver " + deliver.frame;
  }

  static std::string Line(const std::string&, const control::ChangeAccess& change) {
    return "access " + access::KeyOf(change.entry);
  }

  Task<Result<void>> Note(std::string line) {
    done.push_back(std::move(line));
    if (busy.ms > 0) co_await net::Sleep(loop_, busy);
    co_return answer;
  }

  net::Loop& loop_;
};

}  // namespace tidemill::cluster::testing
