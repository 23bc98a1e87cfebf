#include "config/environment.h"

#include <cctype>

extern "C" char** environ;  // POSIX, declared by no header under strict C++

namespace tidemill::config {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !text.starts_with(kEnvironmentPrefix)) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string EnvironmentName(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

// None of these shapes is a setting: …_SERVICE_HOST, …_SERVICE_PORT[_NAME], …_PORT=tcp://…,
// …_PORT_8000_TCP[_ADDR|_PORT|_PROTO].
bool IsFromKubernetes(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT")) return true;
  if (name.ends_with("_PORT")) {
    return value.contains("://") || name.contains("_TCP_") || name.contains("_UDP_");
  }
  for (const std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
    const std::size_t at = name.rfind(protocol);
    const std::size_t port = name.rfind("_PORT_", at);
    if (at != name.npos && port != name.npos && IsNumber(name.substr(port + 6, at - port - 6))) return true;
  }
  return false;
}

}  // namespace tidemill::config
