#include "jobs/job_api/parse_job.h"

#include <fmt/format.h>

#include <string>

#include "base/json.h"
#include "base/random.h"
#include "net/loop.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kJidLetters = 24;

bool HasJid(std::string_view text) {
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "jid" || json.SkipNull()) continue;
    if (json.Peek() != JsonReader::Kind::kString || !json.ReadString().empty()) return true;
  }
  return false;
}

}  // namespace

ApiResult<job::Job> ParseWithJid(std::string_view text) {
  if (JsonReader(text).Peek() != JsonReader::Kind::kObject) {
    return std::unexpected(api::Failure(protocol::kErrorBadRequest, "a job is a JSON object"));
  }
  const WallTime now = net::Loop::Current()->clock().WallNow();
  Result<job::Job> job;
  if (HasJid(text)) {
    job = job::ParseJob(text, now);
  } else {
    std::string named = fmt::format(R"({{"jid":"{}")", RandomLetters(kJidLetters));
    const std::string_view rest = text.substr(text.find('{') + 1);
    JsonReader json(text);
    json.EnterObject();
    if (json.NextKey()) named += ',';
    job = job::ParseJob(named.append(rest), now);
  }
  if (!job) return std::unexpected(FailureOf(job.error()));
  return *std::move(job);
}

}  // namespace tidemill::jobs
