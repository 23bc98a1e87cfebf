// Command: one request to Redis, encoded as it is built (RESP arrays of bulk strings).
//
// Arguments are bytes and are never interpreted: no channel name or payload can become part of the protocol.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tidemill::redis {

class Command {
 public:
  Command(std::initializer_list<std::string_view> arguments) {
    for (const std::string_view argument : arguments) Add(argument);
  }

  Command& Add(std::string_view argument);
  Command& Add(std::integral auto number) { return Add(std::string_view(std::to_string(number))); }

  std::size_t arguments() const { return arguments_; }
  // "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
  void AppendTo(std::string& out) const;
  // What it is, for the log: the first argument.
  std::string_view name() const;

 private:
  std::size_t arguments_ = 0;
  std::string body_;
};

}  // namespace tidemill::redis
