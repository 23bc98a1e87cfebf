#include "redis/command.h"

namespace tidemill::redis {

Command& Command::Add(std::string_view argument) {
  ++arguments_;
  body_ += '$';
  body_ += std::to_string(argument.size());
  body_ += "\r\n";
  body_ += argument;
  body_ += "\r\n";
  return *this;
}

void Command::AppendTo(std::string& out) const {
  out += '*';
  out += std::to_string(arguments_);
  out += "\r\n";
  out += body_;
}

std::string_view Command::name() const {
  const std::string_view body(body_);
  const std::size_t begin = body.find('\n') + 1;
  return body.substr(begin, body.find('\r', begin) - begin);
}

}  // namespace tidemill::redis
