#include "jobs/engine/schedule_spec.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"

namespace tidemill::jobs {

std::string ToJson(const ScheduleRecord& record) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("name", record.spec.name);
  json.Member("schedule", record.spec.schedule);
  json.Member("zone", record.spec.zone);
  json.Member("overlap", record.spec.overlap);
  json.Member("catch_up", record.spec.catch_up);
  json.RawMember("job", record.spec.job);
  json.Member("enabled", record.spec.enabled);
  json.Member("is_configured", record.spec.is_configured);
  json.Member("paused", record.paused);
  json.Member("fired_until", record.fired_until.ms);
  if (record.fired_at) json.Member("fired_at", record.fired_at->ms);
  json.Member("last_jid", record.last_jid);
  json.EndObject();
  return out;
}

Result<ScheduleRecord> ParseScheduleRecord(std::string_view text) {
  ScheduleRecord record;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") {
      record.spec.name = json.ReadString();
    } else if (*key == "schedule") {
      record.spec.schedule = json.ReadString();
    } else if (*key == "zone") {
      record.spec.zone = json.ReadString();
    } else if (*key == "overlap") {
      record.spec.overlap = json.ReadString();
    } else if (*key == "catch_up") {
      record.spec.catch_up = json.ReadString();
    } else if (*key == "job") {
      record.spec.job = json.ReadRaw();
    } else if (*key == "enabled") {
      record.spec.enabled = json.ReadBool();
    } else if (*key == "is_configured") {
      record.spec.is_configured = json.ReadBool();
    } else if (*key == "paused") {
      record.paused = json.ReadBool();
    } else if (*key == "fired_until") {
      record.fired_until.ms = json.ReadInteger<std::int64_t>();
    } else if (*key == "fired_at") {
      record.fired_at = WallTime{json.ReadInteger<std::int64_t>()};
    } else if (*key == "last_jid") {
      record.last_jid = json.ReadString();
    }
  }
  TM_TRY(json.Finish());
  if (record.spec.job.empty()) return Fail(Errc::kInvalidArgument, "a schedule has a job");
  return record;
}

Result<> CheckSize(const ScheduleSpec& spec) {
  if (spec.job.size() <= kScheduleJobBytesMax) return {};
  return Fail(Errc::kLimitExceeded, fmt::format("the job of a schedule has {} bytes; it may have {}",
                                                spec.job.size(), kScheduleJobBytesMax));
}

Result<std::string> WithJid(std::string_view job, std::string_view jid) {
  JsonReader json(job);
  if (json.Peek() != JsonReader::Kind::kObject) {
    return Fail(Errc::kInvalidArgument, "the job of a schedule is an object");
  }
  bool is_empty = true;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    is_empty = false;
    if (*key == "jid") {
      return Fail(Errc::kInvalidArgument, "the job of a schedule has no jid: each firing gets its own");
    }
    if (*key == "at") return Fail(Errc::kInvalidArgument, "the job of a schedule has no \"at\"");
  }
  TM_TRY(json.Finish());
  std::string text = R"({"jid":)";
  AppendJsonString(jid, text);
  if (!is_empty) text += ',';
  text += job.substr(job.find('{') + 1);
  return text;
}

}  // namespace tidemill::jobs
