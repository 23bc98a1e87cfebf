// Ask, Done: statements that go to the server in one segment, and what came back. Values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/frame_memory.h"
#include "sql/failure.h"
#include "sql/rows.h"
#include "sql/statement.h"

namespace tidemill::postgres {

using Calls = std::vector<sql::Call, FrameAllocator<sql::Call>>;

struct Ask {
  Calls calls;
  std::size_t settings_calls = 0;  // in front, for the others
  // Gets the rows of the last call; null: they are kept.
  std::shared_ptr<sql::RowSink> sink{};
  std::string begin{};          // "BEGIN …" in front of the calls; "": what is open is used, or none is
  bool in_transaction = false;  // one is open afterwards
  bool forbids_writes = false;  // in a transaction that may write, the calls may not
  std::optional<MonotonicTime> deadline{};
  std::optional<Duration> wait_max{};  // for a connection
  // What is known when the answer does not come.
  sql::Effect loss = sql::Effect::kUnknown;

  std::span<const sql::Call> own_calls() const {
    return std::span<const sql::Call>(calls).subspan(settings_calls);
  }
  bool only_reads() const {
    for (const sql::Call& call : calls) {
      if (call.access != sql::Access::kRead) return false;
    }
    return true;
  }
};

// Of one call.
struct Done {
  sql::Rows rows;
  std::uint64_t row_count = 0;
  std::uint64_t rows_affected = 0;
  std::string command;  // of the tag: "SELECT", "COMMIT"
};

// One of each call.
using Answers = std::vector<Done, FrameAllocator<Done>>;

}  // namespace tidemill::postgres
