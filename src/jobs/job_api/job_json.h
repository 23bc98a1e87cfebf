// Jobs, queues and workers as JSON, with the schemas that say so. Any thread.
#pragma once

#include "api/method.h"
#include "base/json.h"
#include "jobs/engine/engine.h"

namespace tidemill::jobs {

extern const api::Schema kJobSchema;       // "Job": the job as its producer wrote it
extern const api::Schema kJobStateSchema;  // "JobState"
extern const api::Schema kJobViewSchema;   // "JobView": refers to both

void WriteJobView(const JobView& view, JsonWriter& json);
// Of a page of `place`.
void WriteJobItem(Place place, const JobPage::Item& item, JsonWriter& json);
void WriteTime(JsonName name, WallTime at, JsonWriter& json);

}  // namespace tidemill::jobs
