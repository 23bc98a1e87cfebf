#include "jobs/faktory/bulk_reader.h"

#include <fmt/format.h>

#include <utility>

namespace tidemill::faktory {
namespace {

// The last jid of an object, as ParseJob would see it; empty where there is none.
std::string JidOf(std::string_view object) {
  std::string jid;
  JsonReader json(object);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jid" && json.Peek() == JsonReader::Kind::kString) jid = json.ReadString();
  }
  return jid;
}

}  // namespace

BulkReader::BulkReader(std::string_view array, JobContext context) : json_(array), context_(context) {
  json_.EnterArray();
}

std::optional<BulkReader::Item> BulkReader::Next() {
  if (!json_.ok() || count_ > kBulkJobsMax || !json_.NextElement()) return std::nullopt;
  if (++count_ > kBulkJobsMax) return std::nullopt;
  if (json_.Peek() != JsonReader::Kind::kObject) json_.Fail("a job is an object");
  const std::string_view text = json_.ReadRaw();
  if (!json_.ok()) return std::nullopt;
  auto job = job::ParseJob(text, context_.now, context_.bytes_max);
  std::string jid = job ? job->jid : JidOf(text);
  return Item{.jid = std::move(jid), .job = std::move(job)};
}

Result<> BulkReader::Finish() {
  if (count_ > kBulkJobsMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("PUSHB takes at most {} jobs", kBulkJobsMax));
  }
  if (const auto finished = json_.Finish(); !finished) {
    return Fail(Errc::kInvalidArgument, "invalid JSON: " + finished.error().detail);
  }
  return {};
}

}  // namespace tidemill::faktory
