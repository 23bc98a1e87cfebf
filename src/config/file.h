// Small files, read whole: settings and keys.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace tidemill::config {

// The error's detail is what a person should read after the path: "no such file", "is a directory", "larger
// than 64 KiB", "not readable by this user". Only regular files: a pipe could keep the start waiting forever.
Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max);

}  // namespace tidemill::config
