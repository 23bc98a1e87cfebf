// The cursor of JobPage: where a page ends, as text. Values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

std::string CursorOf(const JobPage::Item& item);
// kInvalidArgument: it is none.
Result<Store::LaterPosition> ParseCursor(std::string_view cursor);

}  // namespace tidemill::jobs
