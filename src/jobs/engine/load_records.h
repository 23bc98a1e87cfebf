// LoadRecords: reads back all records of one kind, in pages, so that no turn is long.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "jobs/store/store.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::jobs {

// One that `load` refuses is logged and left out: a damaged record is no reason to serve nothing.
Task<Result<>> LoadRecords(net::Loop& loop, Store& store, std::string kind,
                           std::function<Result<>(const Record&)> load);

}  // namespace tidemill::jobs
