#include "queries/answer/server_timing.h"

#include <fmt/format.h>

namespace tidemill::queries {

std::string ServerTiming(std::span<const Timing> timings) {
  std::string header;
  for (const Timing& timing : timings) {
    if (!header.empty()) header += ", ";
    header += fmt::format("{};dur={:.3f}", timing.name, static_cast<double>(timing.micros) / 1000);
  }
  return header;
}

}  // namespace tidemill::queries
