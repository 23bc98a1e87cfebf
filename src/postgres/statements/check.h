// Whether a call may be sent: what would break the protocol, or is over a limit, is refused before. Any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "postgres/settings.h"
#include "sql/failure.h"
#include "sql/statement.h"

namespace tidemill::postgres {

// kLimitExceeded: too many parameters or bytes. kInvalidStatement: what belongs to another call
// (keywords.h), or has a NUL in its text.
sql::Result<void> CheckCall(const sql::Call& call, const LimitSettings& limits);

// CheckCall for one who runs the same statements again and again: a text that was found fit is not read
// again. It keeps some statements. One thread.
class StatementCheck {
 public:
  sql::Result<void> Check(const sql::Call& call, const LimitSettings& limits);

 private:
  static constexpr std::size_t kKept =
      64;  // each has one place, and the newest of those who share it is there

  std::array<std::optional<sql::Statement>, kKept> fit_;
};

}  // namespace tidemill::postgres
