// Client: commands to Redis in any topology: one server, a primary found by Sentinel, a cluster, or several
// servers that share the keys.
//
// A lost connection is opened again, after random pauses that grow. While it is down commands fail at once. A
// command is sent once; if its answer never comes it is kUnavailable, and may or may not have been carried
// out.
//
// Thread: one Client per loop, that loop only. Commands of a turn leave in one write. A task may be destroyed
// while it waits; its command stays sent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "redis/command.h"
#include "redis/reply.h"

namespace tidemill::redis {

// A Lua script; the server knows it by its digest.
class Script {
 public:
  explicit Script(std::string source);
  const std::string& source() const { return source_; }
  const std::string& sha1() const { return sha1_; }  // hex

 private:
  const std::string source_;
  const std::string sha1_;
};

class Client {
 public:
  virtual ~Client() = default;

  // The answer, which may be an error reply of the server. `key` decides which server gets it; "": any.
  // kUnavailable: not connected, or the connection ended before the answer came.
  // kLimitExceeded: too many commands or bytes wait; it was not sent.
  virtual Task<Result<Reply>> Send(std::string key, Command command) = 0;

  // EVALSHA, and EVAL where the server does not know the script yet. All `keys` belong to one server, the one
  // of keys[0]. The script gets the connection's incarnation (incarnation.h) as its last argument. Both
  // outlive the task.
  virtual Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                                  std::vector<std::string> arguments) = 0;

  // How many servers the keys are on now, and which of them has this one: a name; "" when none is known to.
  virtual std::size_t servers() const = 0;
  virtual std::string ServerOf(std::string_view key) const = 0;

  // Any thread: since when at least one server has been away; nullopt while all are there.
  virtual std::optional<MonotonicTime> down_since() const = 0;
};

}  // namespace tidemill::redis
