// The parameters of methods that concern one job.
#pragma once

#include <string>
#include <string_view>

#include "jobs/job_api/members.h"

namespace tidemill::jobs {

struct JidParams : Params {
  std::string jid;
};
void Read(JsonReader& json, JidParams& params);

extern const std::string_view kJidParamsSchema;

}  // namespace tidemill::jobs
