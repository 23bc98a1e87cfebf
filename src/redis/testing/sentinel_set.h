// SentinelSet: a primary, its replicas, and sentinels that watch over them, for tests.
//
// Quick to fail over: a server that is silent for half a second is taken for dead.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "redis/testing/redis_server.h"

namespace tidemill::redis::testing {

struct SentinelSetOptions {
  std::size_t replicas = 1;
  std::size_t sentinels = 3;
  Credentials credentials{};           // of the servers
  Credentials sentinel_credentials{};  // of the sentinels
  std::vector<std::string> lines{};    // more of each server's redis.conf
};

class SentinelSet {
 public:
  explicit SentinelSet(SentinelSetOptions options = {});

  static constexpr const char* kMasterName = "tidemill-primary";

  // The first is the primary at the start.
  std::vector<std::unique_ptr<RedisServer>> servers;
  std::vector<std::unique_ptr<RedisServer>> sentinels;

  // The server that the running sentinels call the primary.
  RedisServer& Primary() const;
  // Asks for a failover and waits until the sentinels name another primary, which gives it.
  RedisServer& FailOver();
  // Waits until the sentinels name another primary than `before`.
  RedisServer& AwaitPrimaryOtherThan(const RedisServer& before);
  std::vector<std::string> SentinelAddresses() const;  // "127.0.0.1:26379"

 private:
  ServerOptions SentinelOptions(const SentinelSetOptions& options) const;
  RedisServer* FindPrimary() const;
  bool AllKnown(const SentinelSetOptions& options) const;
};

}  // namespace tidemill::redis::testing
