// TM_ASSERT: an invariant of ours, checked in every build. A failure logs where, prints a backtrace and
// aborts: it is a bug of this program, never the fault of input.
#pragma once

namespace tidemill {

[[noreturn]] void AssertFailed(const char* condition, const char* file, int line);

}  // namespace tidemill

#define TM_ASSERT(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::tidemill::AssertFailed(#condition, __FILE__, __LINE__))
