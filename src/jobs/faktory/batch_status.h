// What BATCH STATUS answers. Any thread.
#pragma once

#include <string>

#include "jobs/batches/batch.h"

namespace tidemill::faktory {

// {"bid","parent_bid"?,"description","created_at","total","pending","failed","complete_st","success_st"}
std::string BatchJson(const jobs::Batch& batch);

}  // namespace tidemill::faktory
