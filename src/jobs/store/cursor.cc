#include "jobs/store/cursor.h"

#include <charconv>
#include <utility>

namespace tidemill::jobs {

Store::LaterPosition PositionOf(const JobPage::Item& item) { return {.run_at = item.at, .id = item.job.id}; }

bool IsBefore(Place place, Store::LaterPosition a, Store::LaterPosition b) {
  if (place == Place::kDead) std::swap(a, b);  // the newest first
  return std::pair(a.run_at, a.id) < std::pair(b.run_at, b.id);
}

std::string CursorOf(Store::LaterPosition position) {
  return std::to_string(position.run_at.ms) + "_" + std::to_string(position.id.value());
}

Result<Store::LaterPosition> ParseCursor(std::string_view cursor) {
  const auto invalid = [] { return Fail(Errc::kInvalidArgument, "the cursor is not one that a page gave"); };
  const char* const end = cursor.data() + cursor.size();
  std::int64_t at = 0;
  const auto first = std::from_chars(cursor.data(), end, at);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '_') return invalid();
  std::int64_t id = 0;
  const auto second = std::from_chars(first.ptr + 1, end, id);
  if (second.ec != std::errc() || second.ptr != end || id < 0) return invalid();
  return Store::LaterPosition{.run_at = WallTime{at}, .id = JobId(static_cast<std::uint64_t>(id))};
}

}  // namespace tidemill::jobs
