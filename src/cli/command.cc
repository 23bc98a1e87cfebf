#include "cli/command.h"

#include <fmt/format.h>

namespace tidemill::cli {

int Failed(Io io, std::string_view message) {
  fmt::print(io.err, "tidemill: {}\n", message);
  return kFailed;
}

int Misused(Io io, std::string_view message) {
  fmt::print(io.err, "tidemill: {}\n", message);
  return kMisused;
}

}  // namespace tidemill::cli
