// The order of pages, and their cursor: where a page ends, as text. Values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

Store::LaterPosition PositionOf(const JobPage::Item& item);
std::string CursorOf(Store::LaterPosition position);
// Whether a page has `a` in front of `b`.
bool IsBefore(Place place, Store::LaterPosition a, Store::LaterPosition b);
// kInvalidArgument: it is none.
Result<Store::LaterPosition> ParseCursor(std::string_view cursor);

}  // namespace tidemill::jobs
