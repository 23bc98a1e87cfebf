// CopyIn, CopyOut: COPY … FROM STDIN and COPY … TO STDOUT: much data by the fastest way there is. Each holds
// an exclusive connection and is a transaction of its own. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/task.h"
#include "sql/failure.h"

namespace tidemill::postgres {

class CopyIn {
 public:
  // Without a Finish that succeeded nothing is stored.
  virtual ~CopyIn() = default;
  // Sends data in COPY's format, cut anywhere; waits while much is on its way. A failure is the server's word
  // on data that was sent before.
  virtual Task<sql::Result<void>> Write(std::string data) = 0;
  // Commits; how many rows were stored.
  virtual Task<sql::Result<std::uint64_t>> Finish() = 0;
};

class CopyOut {
 public:
  // Before the end: it is cancelled.
  virtual ~CopyOut() = default;
  // Some data, whole rows; nullopt after the last. The server waits meanwhile.
  virtual Task<sql::Result<std::optional<std::string>>> Next() = 0;
};

}  // namespace tidemill::postgres
