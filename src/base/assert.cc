#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

#include "base/crash.h"

namespace tidemill {

void AssertFailed(const char* condition, const char* file, int line) {
  char headline[512];
  std::snprintf(headline, sizeof headline, "assertion failed: %s at %s:%d\n", condition, file, line);
  WriteBacktrace(headline);
  std::abort();
}

}  // namespace tidemill
