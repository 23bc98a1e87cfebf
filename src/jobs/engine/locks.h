// Locks: which unique jobs are there, so that no second one is pushed.
//
// In memory while this node owns the store; each lock is a record ("lock") that is written in the flush of
// what takes or releases it. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/gathering.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

class Locks {
 public:
  static constexpr std::string_view kKind = "lock";

  explicit Locks(std::size_t max) : max_(max) {}

  std::size_t size() const { return by_key_.size(); }
  // kAlreadyExists: the detail is the jid that has it. kLimitExceeded: there are too many.
  Result<> MayTake(std::string_view key, WallTime now) const;
  // After MayTake. `key` is 32 bytes of a digest.
  void Take(std::string_view key, std::string_view jid, WallTime expires_at, Gathering& gathering);
  // Nothing if another job has it by now.
  void Release(std::string_view key, std::string_view jid, Gathering& gathering);
  // What a start reads back. kInvalidArgument: not a lock's record.
  Result<> Load(const Record& record);
  // Drops locks whose time is over among the next `count` places in memory.
  void Sweep(WallTime now, std::size_t count);
  // Gives what was in it, to be destroyed on any thread.
  [[nodiscard]] std::shared_ptr<void> Clear() {
    auto locks = std::make_shared<decltype(by_key_)>();
    locks->swap(by_key_);
    return locks;
  }

 private:
  struct Lock {
    std::string jid;
    WallTime expires_at;
  };

  std::size_t max_;
  std::unordered_map<std::string, Lock> by_key_;
  std::size_t swept_ = 0;  // the bucket that is looked at next
};

}  // namespace tidemill::jobs
