// Inspection: what a database's file is like, for whoever looks for what is wrong. It changes nothing, and
// may run beside a server.
//
// Functions; they block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::sqlite {

// kQuick does not compare indexes with their tables.
enum class Depth : std::uint8_t { kQuick, kFull };

struct Inspection {
  std::uint64_t bytes = 0;            // of the file
  std::uint64_t log_bytes = 0;        // of the write-ahead log beside it
  std::vector<std::string> problems;  // of the content, a hundred at most; {}: it is whole
};

// kUnavailable: it cannot be opened, or is no database.
Result<Inspection> Inspect(const std::string& path, Depth depth);

// The median time of an fsync after a write of a page, in the folder of `path`.
Result<std::int64_t> MeasureSyncMicros(const std::string& path);

}  // namespace tidemill::sqlite
