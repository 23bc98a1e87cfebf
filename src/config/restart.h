// What a reload does not take over.
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"

namespace tidemill::config {

// Names of the keys in which `wanted` differs from `running` and that only a restart takes over; both are the
// schema's settings and are only read. A list of tables that a reload cannot add to is named as a whole.
std::vector<std::string> KeysThatNeedRestart(const AnySchema& schema, void* running, void* wanted);

template <class S>
std::vector<std::string> NeedRestart(const Schema<S>& schema, S running, S wanted) {
  return KeysThatNeedRestart(schema, &running, &wanted);
}

}  // namespace tidemill::config
