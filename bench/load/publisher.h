// The connection that publishes over WebSocket. What the socket does not take at once waits here, so that a
// slow server does not make the generator late.
#pragma once

#include <string>
#include <string_view>

#include "load/crowd.h"
#include "load/options.h"

namespace load {

class Publisher {
 public:
  // Connects; from then on it lives on the crowd's epoll.
  Publisher(const Options& options, Crowd& crowd);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void Send(std::string_view frames);

 private:
  void Flush();
  void ReadAnswers();

  const int fd_;
  std::string waiting_;
  std::string buffer_;
};

}  // namespace load
