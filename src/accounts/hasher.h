// PasswordHasher: computes and checks hashes of passwords on threads of its own, few at a time.
//
// The threads have less priority than the loops, so that guessing passwords takes CPU time from nobody. What
// waits is bounded: over it a log-in fails at once, and may be tried again. One per node; any loop. It ends
// before the loops that it answers.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "accounts/metrics.h"
#include "accounts/password.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/worker.h"

namespace tidemill::accounts {

struct HasherOptions {
  std::size_t threads = 1;
  std::size_t waiting_max = 32;  // of each thread, with the one that is computed
  PasswordCost cost{};
};

class PasswordHasher {
 public:
  // kInternal: there is no thread to be had. `metrics` outlives it.
  static Result<std::unique_ptr<PasswordHasher>> Start(HasherOptions options, Metrics& metrics);
  // What still waits is not computed.
  ~PasswordHasher() { stops_ = true; }

  // kLimitExceeded: too many wait already; nothing was done.
  Task<Result<std::string>> Hash(net::Loop& loop, std::string password);
  // `hash` "": that of nobody, which takes as long and fits no password.
  Task<Result<bool>> Verify(net::Loop& loop, std::string password, std::string hash);

  bool NeedsRehash(const std::string& hash) const { return accounts::NeedsRehash(hash, options_.cost); }
  // Any thread: what waits and what is computed.
  std::size_t depth() const;

 private:
  PasswordHasher(HasherOptions options, Metrics& metrics);
  net::Worker& Idlest() const;

  const HasherOptions options_;
  const std::string of_nobody_;
  Metrics& metrics_;
  std::atomic<bool> stops_{false};
  std::vector<std::unique_ptr<net::Worker>> workers_;
};

}  // namespace tidemill::accounts
