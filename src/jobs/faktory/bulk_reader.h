// BulkReader: the jobs of a PUSHB, one by one.
//
// Thousands of jobs take longer to read than one turn of a loop may: the caller reads some, lets others go
// on, and reads the next. Nothing is pushed before Finish says that the whole is JSON. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "base/result.h"
#include "jobs/faktory/arguments.h"
#include "jobs/job/job.h"

namespace tidemill::faktory {

inline constexpr std::size_t kBulkJobsMax = 20'000;

class BulkReader {
 public:
  struct Item {
    std::string jid;  // of a job that is refused as well, where it has one
    Result<job::Job> job;
  };

  // `array` must outlive the reader.
  BulkReader(std::string_view array, JobContext context);

  // The next job; nullopt after the last one, and when the text is no array.
  std::optional<Item> Next();
  // To be asked after the last job. kInvalidArgument: what -ERR says to the whole; kLimitExceeded: too many
  // jobs.
  Result<> Finish();

 private:
  JsonReader json_;
  JobContext context_;
  std::size_t count_ = 0;
};

}  // namespace tidemill::faktory
