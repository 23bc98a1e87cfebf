// Reload: new settings are taken over by all parts of the server, or by none.
//
// Each part makes at first whatever may fail, and touches nothing that is in force; only when all parts are
// prepared do they commit, which cannot fail. Main thread.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Puts in force what was prepared.
using Commit = std::function<void()>;

struct Reloadable {
  std::string_view name;  // for logs
  std::function<Result<Commit>(const settings::Settings& settings)> prepare;
};

// In this order. The first error is the result, and nothing has changed.
Result<void> ReloadAll(const std::vector<Reloadable>& parts, const settings::Settings& settings);

}  // namespace tidemill::server
