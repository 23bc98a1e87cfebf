// Signals: those that came, each with its payload, until some time after; and as long as a waiting job names
// it, however long that takes: what has come for a job stays come.
//
// The record of one that is wanted has no end, so that the store does not drop it; after a start it is wanted
// again by those that are blocked still. No call does more than its argument says. One thread; no clock.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

class Signals {
 public:
  explicit Signals(Duration kept_for) : kept_for_(kept_for) {}
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::size_t size() const { return signals_.size(); }
  std::size_t payload_bytes() const { return payload_bytes_; }
  bool Has(std::string_view name) const { return signals_.contains(name); }
  // null: it has not come. Until the next call that changes it.
  const std::string* PayloadOf(std::string_view name) const;

  // It comes, perhaps once more: the last payload counts. `wanted_by`: so many wait for one that is new.
  void Set(std::string_view name, std::string payload, std::size_t wanted_by, WallTime now);
  // One more waiting job names it, or one fewer. Nothing, if it has not come.
  void Want(std::string_view name);
  void Unwant(std::string_view name);
  // Forgets up to `count` whose time is over, and takes that from `count`. Whether there may be more.
  bool Expire(WallTime now, std::size_t& count, std::vector<RecordKey>& deleted);

  // What changed since the last call.
  std::vector<Record> Gather();
  // kInvalidArgument: it is no record of a signal. When one without an end came is not known: it is kept as
  // if it had come when somebody first finds it unwanted (Expire).
  Result<> Load(const Record& record);
  // Nothing is left. Gives what was there, to be destroyed on any thread.
  [[nodiscard]] std::shared_ptr<void> Clear();

 private:
  static constexpr WallTime kUnknown{};
  struct Entry {
    std::string payload;
    WallTime expires_at;        // kUnknown: Load
    std::size_t wanted_by = 0;  // while it is 0 it is in ends_
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  const Duration kept_for_;
  Entries signals_;
  std::set<std::pair<WallTime, std::string>> ends_;
  std::size_t payload_bytes_ = 0;
  std::vector<std::string> changed_;  // names; some may be gone
};

}  // namespace tidemill::jobs
