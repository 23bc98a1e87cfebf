// What the OpenAPI document says of the methods in work.h.
#pragma once

#include "api/method.h"

namespace tidemill::jobs {

api::Description FetchDescription();
api::Description AckDescription();
api::Description FailDescription();
api::Description ProgressDescription();
api::Description BeatDescription();

}  // namespace tidemill::jobs
