#include "chat/store/ids.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/random.h"

namespace tidemill::chat {
namespace {

constexpr int kLowBits = 21;
// Half of the room below a ms is for counting on.
constexpr std::uint64_t kFirstBelow = std::uint64_t{1} << (kLowBits - 1);

}  // namespace

std::optional<std::int64_t> ParseIdNumber(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

std::int64_t IdMaker::Next() {
  const std::int64_t floor = LeastIdAt(clock_.WallNow());
  if (floor > last_) {
    last_ = floor + static_cast<std::int64_t>(RandomBelow(kFirstBelow));
  } else {
    ++last_;
  }
  return last_;
}

WallTime MadeAt(std::int64_t id) { return WallTime{id >> kLowBits}; }

std::int64_t LeastIdAt(WallTime at) {
  constexpr std::int64_t kMsMax = (std::int64_t{1} << (63 - kLowBits)) - 1;
  return std::clamp<std::int64_t>(at.ms, 0, kMsMax) << kLowBits;
}

}  // namespace tidemill::chat
