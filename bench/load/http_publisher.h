// Keep-alive connections that publish over HTTP, each waiting for its answer before the next message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/protocol.h"
#include "load/publisher.h"

namespace load {

class HttpPublisher final : public Publisher {
 public:
  // As many connections as there are callers; messages go to `rooms` channels in turn, or to the shared one.
  HttpPublisher(const Options& options, Crowd& crowd, int rooms);
  ~HttpPublisher() override;
  HttpPublisher(const HttpPublisher&) = delete;
  HttpPublisher& operator=(const HttpPublisher&) = delete;

  // A message was answered, so long after it was sent.
  std::function<void(std::int64_t took_ns)> on_answer;

  void Publish(const Stamp& stamp) override;
  void Flush() override {}
  std::size_t waiting() const override { return queue_.size() + callers_.size() - free_.size(); }

 private:
  struct Caller {
    int fd = -1;
    std::int64_t sent_ns = 0;
    std::string answer;
  };

  void Call(std::size_t caller, const Stamp& stamp);
  void Answered(std::size_t caller);

  const Protocol protocol_;
  const std::string api_key_;
  const int rooms_;
  const std::size_t receivers_;  // of each message
  Messages messages_;
  std::vector<Caller> callers_;
  std::deque<std::size_t>
      free_;  // callers that wait for no answer, the longest idle first: servers close those that are idle
  std::deque<Stamp> queue_;  // messages for which no caller was free
};

}  // namespace load
