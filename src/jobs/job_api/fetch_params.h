// What a worker that fetches over HTTP asks for. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/job_api/members.h"

namespace tidemill::jobs {

inline constexpr double kFetchWaitMax = 60;  // seconds
inline constexpr int kFetchCountMax = 100;

struct FetchParams : Params {
  std::vector<std::string> queues;
  std::string worker;  // "": nobody in particular
  double wait = 0;     // seconds
  int count = 1;
};
void Read(JsonReader& json, FetchParams& params);

// Whether a worker may be called so, and what to say if not.
bool IsWorkerId(std::string_view text);
api::Failure WrongWorkerId();

}  // namespace tidemill::jobs
