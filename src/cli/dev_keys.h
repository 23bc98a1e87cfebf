// The keys of a `serve --dev` that runs on this machine as this user, so that commands beside it need no
// options.
//
// A file per port that only this user can read, in $XDG_RUNTIME_DIR, /run/user/UID, or a private folder of
// the temporary one. The server holds a lock on it while it lives: what a dead one left is not believed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/endpoint.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

struct DevKeys {
  std::string token_key;  // signs tokens, HS256; "": there is none
  std::string api_key;
  friend bool operator==(const DevKeys&, const DevKeys&) = default;
};

// The file of one server, there while this lives.
class DevKeyFile {
 public:
  virtual ~DevKeyFile() = default;
  // kAlreadyExists: another server's file is there.
  static Result<std::unique_ptr<DevKeyFile>> Write(std::uint16_t port, const DevKeys& keys);
};

// Those of the server that listens there; nullopt: it is not this machine, or there is none.
std::optional<DevKeys> FindDevKeys(const Endpoint& server);

// A connection token of that user, good for a day.
std::string MakeDevToken(std::string_view user, std::string_view token_key);

// What a command connects with as a client: the token given, or one of the `serve --dev` that listens there;
// "": it is the anonymous user.
std::string ClientToken(const std::string& given, const settings::Settings& settings, const Endpoint& server);

}  // namespace tidemill::cli
