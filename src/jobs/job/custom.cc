#include "jobs/job/custom.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json.h"
#include "jobs/job/names.h"
#include "jobs/job/retry.h"
#include "jobs/job/timestamp.h"
#include "jobs/job/unique_key.h"

namespace tidemill::job {
namespace {

std::unexpected<Error> Wrong(std::string_view member, std::string_view accepted) {
  return Fail(Errc::kInvalidArgument, fmt::format("custom.{} must be {}", member, accepted));
}

// What stands in the object, before it is put together.
struct Read {
  std::optional<double> unique_for;
  std::string unique_until = "success";
  std::string unique_key;
  std::string expires_at;
  std::optional<double> expires_in;
  Flow flow;
  bool has_flow = false;
};

Result<double> ReadSeconds(JsonReader& json, std::string_view member, double min, Duration max) {
  const double seconds = json.ReadDouble();
  if (!json.ok() || seconds < min || seconds > static_cast<double>(max.ms) / 1000) {
    return Wrong(member, fmt::format("a number of seconds from {} to {}", min, max.ms / 1000));
  }
  return seconds;
}

Result<std::string> ReadText(JsonReader& json, std::string_view member, std::size_t bytes_max) {
  std::string text = json.ReadString();
  if (!json.ok() || text.size() > bytes_max) {
    return Wrong(member, fmt::format("a string of at most {} bytes", bytes_max));
  }
  return text;
}

Result<bool> ReadFlag(JsonReader& json) {
  if (json.Peek() == JsonReader::Kind::kBool) return json.ReadBool();
  const int number = json.ReadInteger<int>();
  if (!json.ok() || (number != 0 && number != 1)) return Wrong("track", "1 or 0");
  return number == 1;
}

Result<std::vector<Duration>> ReadSchedule(JsonReader& json) {
  std::vector<Duration> schedule;
  json.EnterArray();
  while (json.NextElement()) {
    if (schedule.size() == kRetryScheduleMax) {
      return Wrong("retry_schedule", fmt::format("a list of at most {} numbers", kRetryScheduleMax));
    }
    TM_TRY_ASSIGN(const double seconds, ReadSeconds(json, "retry_schedule", 0, kRetryDelayMax));
    schedule.push_back(Milliseconds(std::llround(seconds * 1000)));
  }
  if (!json.ok()) return Wrong("retry_schedule", "a list of seconds");
  return schedule;
}

Result<> ReadMember(std::string_view key, JsonReader& json, Read& read, Job& job) {
  if (key == "unique_for") {
    TM_TRY_ASSIGN(read.unique_for, ReadSeconds(json, key, 1, kUniqueForMax));
  } else if (key == "unique_until") {
    TM_TRY_ASSIGN(read.unique_until, ReadText(json, key, 16));
  } else if (key == "unique_key") {
    TM_TRY_ASSIGN(read.unique_key, ReadText(json, key, kUniqueKeyBytesMax));
  } else if (key == "expires_at") {
    TM_TRY_ASSIGN(read.expires_at, ReadText(json, key, 64));
  } else if (key == "expires_in") {
    TM_TRY_ASSIGN(read.expires_in, ReadSeconds(json, key, 0, kUniqueForMax));
  } else if (key == "retry_schedule") {
    TM_TRY_ASSIGN(job.retry_schedule, ReadSchedule(json));
  } else if (key == "track") {
    TM_TRY_ASSIGN(job.is_tracked, ReadFlag(json));
  } else if (key == "bid") {
    TM_TRY_ASSIGN(job.batch, ReadText(json, key, kBatchIdBytesMax));
    if (!IsJid(job.batch)) return Wrong(key, "the id of a batch");
  } else {
    TM_TRY_ASSIGN(const bool is_flow, ReadFlowMember(key, json, read.flow));
    read.has_flow |= is_flow;
  }
  return {};
}

Result<> ApplyUnique(const Read& read, const CustomContext& context, Job& job) {
  if (read.unique_until != "success" && read.unique_until != "start") {
    return Wrong("unique_until", "\"success\" or \"start\"");
  }
  if (!read.unique_for) return {};  // such a push bypasses the lock
  Unique unique{.held_for = Milliseconds(std::llround(*read.unique_for * 1000)),
                .until = read.unique_until == "start" ? Unique::Until::kStart : Unique::Until::kSuccess,
                .key = {}};
  if (!read.unique_key.empty()) {
    unique.key = UniqueKeyOf(job.queue, read.unique_key);
  } else {
    if (context.args.size() > kUniqueArgsBytesMax) {
      return Fail(Errc::kLimitExceeded,
                  fmt::format("the args of a unique job have at most {} bytes; give it a custom.unique_key",
                              kUniqueArgsBytesMax));
    }
    TM_TRY_ASSIGN(unique.key, UniqueKeyOf(job.queue, job.type, context.args));
  }
  job.unique = std::move(unique);
  return {};
}

Result<> ApplyExpiry(const Read& read, const CustomContext& context, Job& job) {
  if (!read.expires_at.empty()) {
    job.expires_at = ParseTimestamp(read.expires_at);
    if (!job.expires_at) return Wrong("expires_at", "a timestamp like 2026-12-24T18:00:00Z");
  } else if (read.expires_in) {
    const auto created_at = context.created_at.empty()
                                ? context.now
                                : ParseTimestamp(JsonReader(context.created_at).ReadString());
    if (!created_at) return Wrong("expires_in", "beside a created_at that is a timestamp");
    job.expires_at = *created_at + Milliseconds(std::llround(*read.expires_in * 1000));
  }
  return {};
}

}  // namespace

Result<> ApplyCustom(std::string_view custom, const CustomContext& context, Job& job) {
  Read read;
  JsonReader json(custom);
  if (json.Peek() != JsonReader::Kind::kObject)
    return Fail(Errc::kInvalidArgument, "custom must be an object");
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (json.SkipNull()) continue;
    TM_TRY(ReadMember(*key, json, read, job));
  }
  TM_TRY(json.Finish());
  if (read.flow.signals_within > Duration() && read.flow.signals.empty()) {
    return Wrong("signals_within", "beside custom.signals");
  }
  if (read.has_flow) job.flow = std::move(read.flow);
  TM_TRY(ApplyUnique(read, context, job));
  return ApplyExpiry(read, context, job);
}

}  // namespace tidemill::job
