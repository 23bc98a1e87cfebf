#include "cli/jobs/push_lines.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.h"
#include "cli/line_reader.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kProblemsShownMax = 20;

struct PushedLine {
  Line line;
  std::string jid;
  std::optional<std::string> problem;  // why it is not pushed
};

// The job, which is an object, with custom.bid.
std::string InBatch(std::string_view job, std::string_view batch) {
  std::string text;
  std::string_view custom = "{}";
  JsonWriter json(text);
  json.BeginObject();
  JsonReader members(job);
  members.EnterObject();
  while (const auto key = members.NextKey()) {
    if (*key == "custom" && members.Peek() == JsonReader::Kind::kObject) {
      custom = members.ReadRaw();
      continue;
    }
    json.DynamicKey(*key);
    json.Raw(members.ReadRaw());
  }
  json.Key("custom");
  json.BeginObject();
  JsonReader own(custom);
  own.EnterObject();
  while (const auto key = own.NextKey()) {
    if (*key == "bid") continue;
    json.DynamicKey(*key);
    json.Raw(own.ReadRaw());
  }
  json.Member("bid", batch);
  json.EndObject();
  json.EndObject();
  return text;
}

std::string BulkParams(const std::vector<PushedLine*>& lines) {
  std::string params = R"({"jobs":[)";
  for (const PushedLine* each : lines) {
    if (each != lines.front()) params += ',';
    params += each->line.text;
  }
  return params + "]}";
}

Result<> ReadOutcome(JsonReader& json, PushedLine& line) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jid") line.jid = json.ReadString();
    if (*key != "error") continue;
    TM_TRY_ASSIGN(line.problem, ApiErrorText(json.ReadRaw()));
  }
  return {};
}

Result<> ReadOutcomes(std::string_view result, const std::vector<PushedLine*>& lines) {
  std::size_t count = 0;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "jobs") continue;
    json.EnterArray();
    for (; json.NextElement(); ++count) {
      if (count < lines.size()) TM_TRY(ReadOutcome(json, *lines[count]));
    }
  }
  TM_TRY(json.Finish());
  return count == lines.size() ? Result<>() : Fail(Errc::kInternal, "another number of jobs");
}

class LinePusher {
 public:
  LinePusher(ApiClient& client, JobLinesOptions options, Io io)
      : client_(client), options_(options), io_(io) {}

  // An error ends it all.
  Result<> Push(std::vector<Line> lines) {
    std::vector<PushedLine> all;
    for (Line& line : lines) all.push_back({.line = std::move(line), .jid = {}, .problem = {}});
    std::vector<PushedLine*> good;
    for (PushedLine& each : all) {
      if (IsJsonObject(each.line.text)) {
        if (!options_.batch.empty()) each.line.text = InBatch(each.line.text, options_.batch);
        good.push_back(&each);
      } else {
        each.problem = "not a JSON object";
      }
    }
    if (!good.empty()) TM_TRY(Send(good));
    for (const PushedLine& each : all) Tell(each);
    std::fflush(io_.out);
    return {};
  }

  int End(const Result<>& ended) {
    if (problems_ > kProblemsShownMax && !options_.json) {
      PrintError(io_, fmt::format("tidemill: and {} more lines\n", problems_ - kProblemsShownMax));
    }
    if (!ended) Failed(io_, ended.error().detail);
    const std::string summary = problems_ == 0
                                    ? fmt::format("pushed {} jobs\n", pushed_)
                                    : fmt::format("pushed {} jobs, {} lines not\n", pushed_, problems_);
    if (options_.json) {
      PrintError(io_, "tidemill: " + summary);
    } else {
      Print(io_, summary);
    }
    return ended && problems_ == 0 ? kDone : kFailed;
  }

 private:
  Result<> Send(const std::vector<PushedLine*>& lines) {
    const Result<std::string> result = client_.Call("jobs_push_bulk", BulkParams(lines));
    if (!result && result.error().code == Errc::kPermissionDenied) return std::unexpected(result.error());
    if (!result) {
      return Fail(result.error().code,
                  fmt::format("lines {} to {} are pushed or not: {}", lines.front()->line.number,
                              lines.back()->line.number, result.error().detail));
    }
    return ReadOutcomes(*result, lines);
  }

  void Tell(const PushedLine& line) {
    ++(line.problem ? problems_ : pushed_);
    if (options_.json) {
      std::string text;
      JsonWriter json(text);
      json.BeginObject();
      json.Member("line", line.line.number);
      if (line.problem) {
        json.Member("error", *line.problem);
      } else {
        json.Member("jid", line.jid);
      }
      json.EndObject();
      Print(io_, text + "\n");
    } else if (line.problem && problems_ <= kProblemsShownMax) {
      PrintError(io_, fmt::format("tidemill: line {}: {}\n", line.line.number, *line.problem));
    }
  }

  ApiClient& client_;
  const JobLinesOptions options_;
  const Io io_;
  std::uint64_t pushed_ = 0;
  std::uint64_t problems_ = 0;
};

}  // namespace

int PushJobLines(ApiClient& client, const JobLinesOptions& options, int input, Io io) {
  LineReader reader(input, {});
  LinePusher pusher(client, options, io);
  while (true) {
    Result<std::vector<Line>> lines = reader.Next();
    if (!lines) return pusher.End(std::unexpected(std::move(lines).error()));
    if (lines->empty()) return pusher.End({});
    if (const Result<> pushed = pusher.Push(*std::move(lines)); !pushed) return pusher.End(pushed);
  }
}

}  // namespace tidemill::cli
