#include "jobs/engine/track.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"

namespace tidemill::jobs {
namespace {

constexpr std::array<std::string_view, 10> kStateNames = {
    "unknown", "queued", "scheduled", "retry", "blocked", "working", "done", "failed", "dead", "cancelled"};

}  // namespace

std::string_view Name(JobState state) { return kStateNames[static_cast<std::size_t>(state)]; }

std::optional<JobState> FindJobState(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<JobState>(i);
  }
  return std::nullopt;
}

Result<> Apply(Track track, JobProgress& progress) {
  if (track.percent && (*track.percent < 0 || *track.percent > 100)) {
    return Fail(Errc::kInvalidArgument, "percent is 0 to 100");
  }
  if (track.description && track.description->size() > kDescriptionBytesMax) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("a description has at most {} bytes", kDescriptionBytesMax));
  }
  if (track.checkpoint.size() > kCheckpointBytesMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("a checkpoint has at most {} bytes", kCheckpointBytesMax));
  }
  if (!track.checkpoint.empty()) TM_TRY(job::OnOneLine(track.checkpoint, "a checkpoint"));
  if (track.percent) progress.percent = track.percent;
  if (track.description) progress.description = track.description;
  if (!track.checkpoint.empty()) progress.checkpoint = std::move(track.checkpoint);
  for (const std::string& line : track.log) {
    if (progress.log.size() == kLogLinesMax) progress.log.erase(progress.log.begin());
    progress.log.emplace_back(CutUtf8(line, kLogLineBytesMax));
  }
  return {};
}

void AppendProgress(const JobProgress& progress, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("state", Name(progress.state));
  json.Member("updated_at", progress.updated_at.ms);
  if (progress.percent) json.Member("percent", *progress.percent);
  if (progress.description) json.Member("description", *progress.description);
  if (!progress.checkpoint.empty()) json.RawMember("checkpoint", progress.checkpoint);
  if (!progress.log.empty()) {
    json.Key("log");
    json.BeginArray();
    for (const std::string& line : progress.log) json.String(line);
    json.EndArray();
  }
  if (!progress.result.empty()) json.RawMember("result", progress.result);
  json.EndObject();
}

Result<JobProgress> ParseProgress(std::string_view text) {
  JobProgress progress;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "state") {
      progress.state = FindJobState(json.ReadString()).value_or(JobState::kUnknown);
    } else if (*key == "updated_at") {
      progress.updated_at.ms = json.ReadInteger<std::int64_t>();
    } else if (*key == "percent") {
      progress.percent = json.ReadInteger<int>();
    } else if (*key == "description") {
      progress.description = json.ReadString();
    } else if (*key == "checkpoint") {
      progress.checkpoint = json.ReadRaw();
    } else if (*key == "result") {
      progress.result = json.ReadRaw();
    } else if (*key == "log") {
      json.EnterArray();
      while (json.NextElement()) progress.log.push_back(json.ReadString());
    }
  }
  TM_TRY(json.Finish());
  return progress;
}

std::string WithCheckpoint(std::string_view text, std::string_view checkpoint) {
  // Where custom stands, and what it says beside a checkpoint.
  std::string_view custom;
  std::string others;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "custom") custom = json.ReadRaw();
  }
  if (custom.starts_with('{')) {
    JsonReader members(custom);
    members.EnterObject();
    while (const auto key = members.NextKey()) {
      const std::string name(*key);
      const std::string_view value = members.ReadRaw();
      if (name == "checkpoint") continue;
      AppendJsonString(name, others);
      others += ':';
      others += value;
      others += ',';
    }
  }
  std::string out;
  out.reserve(text.size() + checkpoint.size() + 32);
  const std::string made = fmt::format(R"({{{}"checkpoint":{}}})", others, checkpoint);
  if (custom.empty()) {
    out = text.substr(0, text.size() - 1);
    out += R"(,"custom":)";
    out += made;
    out += '}';
    return out;
  }
  const auto begin = static_cast<std::size_t>(custom.data() - text.data());
  out = text.substr(0, begin);
  out += made;
  out += text.substr(begin + custom.size());
  return out;
}

}  // namespace tidemill::jobs
