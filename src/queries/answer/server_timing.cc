#include "queries/answer/server_timing.h"

#include <array>
#include <charconv>

namespace tidemill::queries {

namespace {

// "1.234": milliseconds.
void AppendMillis(std::int64_t micros, std::string& out) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), micros / 1000).ptr);
  out += '.';
  for (const std::int64_t place : {100, 10, 1}) out += static_cast<char>('0' + micros / place % 10);
}

}  // namespace

std::string ServerTiming(std::span<const Timing> timings) {
  std::string header;
  header.reserve(timings.size() * 24);
  for (const Timing& timing : timings) {
    if (!header.empty()) header += ", ";
    header.append(timing.name).append(";dur=");
    AppendMillis(timing.micros, header);
  }
  return header;
}

}  // namespace tidemill::queries
