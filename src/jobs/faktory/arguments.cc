#include "jobs/faktory/arguments.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "jobs/job/names.h"
#include "jobs/job/timestamp.h"

namespace tidemill::faktory {
namespace {

std::unexpected<Error> Wrong(std::string what) { return Fail(Errc::kInvalidArgument, std::move(what)); }

std::string ReadText(JsonReader& json) { return json.SkipNull() ? std::string() : json.ReadString(); }

// A value as it stands, on one line; null is none.
std::string ReadValue(JsonReader& json, std::size_t bytes_max, std::string_view name) {
  if (json.SkipNull()) return {};
  const std::string_view raw = json.ReadRaw();
  if (raw.size() > bytes_max) json.Fail(fmt::format("{} has at most {} bytes", name, bytes_max));
  std::string value;
  if (json.ok()) JsonWriter(value).RawOnOneLine(raw);
  return value;
}

std::vector<std::string> ReadLines(JsonReader& json) {
  std::vector<std::string> lines;
  if (json.SkipNull()) return lines;
  json.EnterArray();
  while (json.NextElement()) {
    if (lines.size() < job::kBacktraceLinesMax) lines.push_back(ReadText(json));
  }
  return lines;
}

// The object's members, each through `member(key, json)`; what that does not read is skipped.
template <class Member>
Result<> ReadObject(std::string_view verb, std::string_view text, Member member) {
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) member(*key, json);
  if (const auto finished = json.Finish(); !finished) {
    return Wrong(fmt::format("invalid {}: {}", verb, finished.error().detail));
  }
  return {};
}

Result<> CheckJid(std::string_view verb, std::string_view jid) {
  if (job::IsJid(jid)) return {};
  return Wrong(fmt::format("invalid {}: no reasonable jid", verb));
}

// The index of `name` among `names`.
template <class Enum, std::size_t kCount>
std::optional<Enum> Find(const std::array<std::string_view, kCount>& names, std::string_view name) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

void ReadFilter(JsonReader& json, Mutate& mutate) {
  if (json.SkipNull()) return;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jobtype") {
      mutate.jobtype = ReadText(json);
    } else if (*key == "regexp") {
      mutate.pattern = ReadText(json);
      if (mutate.pattern.size() > kPatternBytesMax)
        json.Fail(fmt::format("regexp has at most {} bytes", kPatternBytesMax));
    } else if (*key == "jids" && !json.SkipNull()) {
      json.EnterArray();
      while (json.NextElement()) {
        if (mutate.jids.size() == kJidsMax) json.Fail(fmt::format("at most {} jids", kJidsMax));
        mutate.jids.push_back(json.ReadString());
      }
    }
  }
}

}  // namespace

Result<std::string> ParseJid(std::string_view verb, std::string_view text) {
  std::string jid;
  TM_TRY(ReadObject(verb, text, [&](std::string_view key, JsonReader& json) {
    if (key == "jid") jid = ReadText(json);
  }));
  TM_TRY(CheckJid(verb, jid));
  return jid;
}

Result<Command> ParseAck(std::string_view text) {
  Ack ack;
  TM_TRY(ReadObject("ACK", text, [&](std::string_view key, JsonReader& json) {
    if (key == "jid") ack.jid = ReadText(json);
    if (key == "result") ack.result = ReadValue(json, kResultBytesMax, "result");
  }));
  TM_TRY(CheckJid("ACK", ack.jid));
  return ack;
}

Result<Command> ParseFail(std::string_view text) {
  FailJob fail;
  TM_TRY(ReadObject("FAIL", text, [&](std::string_view key, JsonReader& json) {
    if (key == "jid") {
      fail.jid = ReadText(json);
    } else if (key == "errtype") {
      fail.error.type = ReadText(json);
    } else if (key == "message") {
      fail.error.message = ReadText(json);
    } else if (key == "backtrace") {
      fail.error.backtrace = ReadLines(json);
    }
  }));
  TM_TRY(CheckJid("FAIL", fail.jid));
  fail.error = job::Reported(std::move(fail.error));
  return fail;
}

Result<Command> ParseBeat(std::string_view text) {
  Beat beat;
  TM_TRY(ReadObject("BEAT", text, [&](std::string_view key, JsonReader& json) {
    if (key == "wid") {
      beat.wid = ReadText(json);
    } else if (key == "rss_kb") {
      if (!json.SkipNull()) beat.rss_kb = json.ReadInteger<std::int64_t>();
    } else if (key == "current_state") {
      beat.current_state = ReadText(json);
    }
  }));
  if (beat.wid.empty()) return Wrong("invalid BEAT: no wid");
  if (beat.current_state != "" && beat.current_state != "quiet" && beat.current_state != "terminate") {
    return Wrong("invalid BEAT: current_state is \"quiet\" or \"terminate\"");
  }
  return beat;
}

Result<Command> ParseMutate(std::string_view text) {
  constexpr std::array<std::string_view, 4> kActions = {"clear", "kill", "discard", "requeue"};
  constexpr std::array<std::string_view, 3> kTargets = {"scheduled", "retries", "dead"};
  Mutate mutate;
  std::string action;
  std::string target;
  TM_TRY(ReadObject("MUTATE", text, [&](std::string_view key, JsonReader& json) {
    if (key == "cmd") {
      action = ReadText(json);
    } else if (key == "target") {
      target = ReadText(json);
    } else if (key == "filter") {
      ReadFilter(json, mutate);
    }
  }));
  const auto known_target = Find<Mutate::Target>(kTargets, target);
  if (!known_target) return Wrong("invalid target for mutation command");
  const auto known_action = Find<Mutate::Action>(kActions, action);
  if (!known_action) return Wrong("unknown mutate operation");
  mutate.target = *known_target;
  mutate.action = *known_action;
  return mutate;
}

Result<Command> ParseTrackSet(std::string_view text) {
  TrackSet track;
  std::string reserve_until;
  TM_TRY(ReadObject("TRACK SET", text, [&](std::string_view key, JsonReader& json) {
    if (key == "jid") {
      track.jid = ReadText(json);
    } else if (key == "percent") {
      if (json.SkipNull()) return;
      track.percent = json.ReadInteger<int>();
      if (*track.percent < 0 || *track.percent > 100) json.Fail("percent is 0 to 100");
    } else if (key == "desc") {
      if (json.SkipNull()) return;
      track.description = json.ReadString();
      track.description = std::string(CutUtf8(*track.description, kDescriptionBytesMax));
    } else if (key == "reserve_until") {
      reserve_until = ReadText(json);
    } else if (key == "checkpoint") {
      track.checkpoint = ReadValue(json, kCheckpointBytesMax, "checkpoint");
    }
  }));
  TM_TRY(CheckJid("TRACK SET", track.jid));
  if (!reserve_until.empty()) {
    track.reserve_until = job::ParseTimestamp(reserve_until);
    if (!track.reserve_until) return Wrong("invalid TRACK SET: reserve_until is a timestamp");
  }
  return track;
}

Result<Command> ParseBatchNew(std::string_view text, JobContext context) {
  BatchNew batch;
  Result<> callbacks;
  const auto read_job = [&](JsonReader& json, std::optional<job::Job>& into) {
    if (json.SkipNull()) return;
    const std::string_view raw = json.ReadRaw();
    if (!json.ok()) return;
    auto job = job::ParseJob(raw, context.now, context.bytes_max);
    if (!job && callbacks) callbacks = std::unexpected(job.error());
    if (job) into = *std::move(job);
  };
  TM_TRY(ReadObject("BATCH NEW", text, [&](std::string_view key, JsonReader& json) {
    if (key == "description") {
      batch.description = std::string(CutUtf8(ReadText(json), kDescriptionBytesMax));
    } else if (key == "parent_bid") {
      batch.parent = ReadText(json);
    } else if (key == "success") {
      read_job(json, batch.success);
    } else if (key == "complete") {
      read_job(json, batch.complete);
    }
  }));
  TM_TRY(std::move(callbacks));
  if (!batch.parent.empty() && !job::IsJid(batch.parent))
    return Wrong("invalid BATCH NEW: no reasonable parent_bid");
  if (!batch.success && !batch.complete)
    return Wrong("invalid BATCH NEW: a batch needs a success or complete callback");
  return batch;
}

}  // namespace tidemill::faktory
