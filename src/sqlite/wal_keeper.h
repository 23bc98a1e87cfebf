// WalKeeper: keeps the write-ahead log short: decides when its pages are copied into the file, and says who
// keeps it from that.
//
// The writer's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "sqlite/connection.h"
#include "sqlite/metrics.h"

namespace tidemill::sqlite {

struct WalLimits {
  std::uint64_t checkpoint_bytes = 4u << 20;  // when nothing else is to be done
  std::uint64_t bytes_max = 64u << 20;        // whatever else is to be done
};

class WalKeeper {
 public:
  WalKeeper(Connection& connection, WalLimits limits, Metrics& metrics,
            std::function<std::string()> oldest_read)
      : connection_(connection), limits_(limits), metrics_(metrics), oldest_read_(std::move(oldest_read)) {}

  // After each commit.
  void OnCommit();
  // Nothing is to be written now.
  void OnIdle();
  // Whether OnIdle has something to do, and how soon.
  bool is_due() const {
    return bytes() >= limits_.checkpoint_bytes && copied_pages_ < connection_.log_pages();
  }
  Duration pause() const;
  // Copies all and empties the log, if no read holds it.
  void Finish();

 private:
  std::uint64_t bytes() const { return connection_.log_pages() * (connection_.page_bytes() + 24); }
  void Checkpoint(Connection::CheckpointMode mode);
  void NotePinned(const Connection::Log& log);
  void ShowBytes();

  Connection& connection_;
  const WalLimits limits_;
  Metrics& metrics_;
  const std::function<std::string()> oldest_read_;
  std::uint64_t copied_pages_ = 0;
  std::uint64_t pages_before_ = 0;  // at the last commit
  std::int64_t shown_bytes_ = 0;
  MonotonicTime next_cut_{};
  MonotonicTime next_idle_{};
  MonotonicTime next_log_{};
};

}  // namespace tidemill::sqlite
