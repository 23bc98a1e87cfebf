#include "cli/jobs/worker_messages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/json.h"

namespace tidemill::cli {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

FetchedJob ReadJob(JsonReader& json) {
  FetchedJob job;
  json.EnterObject();
  while (const auto member = json.NextKey()) {
    if (*member == "attempt") job.attempt = json.ReadInteger<int>();
    if (*member != "job") continue;
    json.EnterObject();
    while (const auto name = json.NextKey()) {
      if (*name == "jid") job.jid = json.ReadString();
      if (*name == "jobtype") job.type = json.ReadString();
      if (*name == "queue") job.queue = json.ReadString();
      if (*name == "args") job.args = json.ReadRaw();
    }
  }
  return job;
}

}  // namespace

Result<FetchAnswer> ParseFetchAnswer(std::string_view text) {
  FetchAnswer answer;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "state") answer.state = json.ReadString();
    if (*key != "jobs") continue;
    json.EnterArray();
    while (json.NextElement()) answer.job = ReadJob(json);
  }
  TM_TRY(json.Finish());
  return answer;
}

std::string ParseState(std::string_view text) {
  std::string state;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "state") state = json.ReadString();
  }
  return state;
}

bool ParseCancelled(std::string_view text) {
  bool cancelled = false;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "cancelled") cancelled = json.ReadBool();
  }
  return cancelled;
}

std::string BeatParams(std::string_view worker, Taking taking) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("worker", worker);
  json.Member("hostname", HostName());
  json.Member("pid", getpid());
  json.RawMember("labels", R"(["command"])");
  if (taking == Taking::kNoMore) json.Member("state", "quiet");
  json.EndObject();
  return params;
}

std::string FetchParams(std::string_view worker, std::span<const std::string> queues, int wait_seconds) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("worker", worker);
  json.Member("wait", wait_seconds);
  json.Key("queues");
  json.BeginArray();
  for (const std::string& queue : queues) json.String(queue);
  json.EndArray();
  json.EndObject();
  return params;
}

std::string JidParams(std::string_view jid) { return AckParams(jid, ""); }

std::string AckParams(std::string_view jid, std::string_view result) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("jid", jid);
  if (!result.empty()) json.RawMember("result", result);
  json.EndObject();
  return params;
}

std::string FailParams(std::string_view jid, const ExitStatus& status, std::string_view why,
                       const JobOutput& output) {
  const std::string type = !why.empty()         ? std::string(why)
                           : status.signal != 0 ? fmt::format("signal {}", status.signal)
                                                : fmt::format("exit {}", status.code);
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("jid", jid);
  json.Member("errtype", type);
  json.Member("message", output.errors().empty() ? type : output.errors().back());
  json.Key("backtrace");
  json.BeginArray();
  for (const std::string& line : output.errors()) json.String(line);
  json.EndArray();
  json.EndObject();
  return params;
}

std::string ProgressParams(std::string_view jid, int reserve_seconds, JobOutput& output, std::size_t lines) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("jid", jid);
  json.Member("reserve_for", reserve_seconds);
  if (const std::optional<Progress> progress = output.TakeProgress()) {
    json.Member("percent", progress->percent);
    json.Member("desc", progress->text);
  }
  if (output.has_log()) {
    json.Key("log");
    json.BeginArray();
    for (const std::string& line : output.TakeLog(lines)) json.String(line);
    json.EndArray();
  }
  json.EndObject();
  return params;
}

}  // namespace tidemill::cli
