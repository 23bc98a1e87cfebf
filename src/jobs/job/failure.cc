#include "jobs/job/failure.h"

#include "base/json.h"
#include "base/utf8.h"
#include "jobs/job/timestamp.h"

namespace tidemill::job {
namespace {

void Cut(std::string& text, std::size_t bytes_max) {
  if (text.size() > bytes_max) text.resize(CutUtf8(text, bytes_max).size());
}

std::optional<WallTime> ReadTimestamp(JsonReader& json) {
  if (json.SkipNull()) return std::nullopt;
  const std::string text = json.ReadString();
  if (!json.ok() || text.empty()) return std::nullopt;
  const auto at = ParseTimestamp(text);
  if (!at) json.Fail("expected a timestamp");
  return at;
}

std::string ReadText(JsonReader& json) { return json.SkipNull() ? std::string() : json.ReadString(); }

std::vector<std::string> ReadLines(JsonReader& json) {
  std::vector<std::string> lines;
  if (json.SkipNull()) return lines;
  json.EnterArray();
  while (json.NextElement()) {
    if (lines.size() < kBacktraceLinesMax) lines.push_back(json.ReadString());
  }
  return lines;
}

}  // namespace

ErrorReport Reported(ErrorReport report) {
  if (report.type.empty()) report.type = "unknown";
  if (report.message.empty()) report.message = "unknown";
  Cut(report.type, kErrorTypeBytesMax);
  Cut(report.message, kErrorMessageBytesMax);
  if (report.backtrace.size() > kBacktraceLinesMax) report.backtrace.resize(kBacktraceLinesMax);
  for (std::string& line : report.backtrace) Cut(line, kBacktraceLineBytesMax);
  return report;
}

ErrorReport ReservationExpired() {
  return {.type = "ReservationExpired", .message = "Faktory job reservation expired", .backtrace = {}};
}

Result<Failure> ParseFailure(std::string_view text) {
  Failure failure;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "retry_count") {
      failure.retry_count = json.ReadInteger<std::uint32_t>();
    } else if (*key == "remaining") {
      failure.remaining = json.ReadInteger<std::int32_t>();
    } else if (*key == "failed_at") {
      failure.failed_at = ReadTimestamp(json).value_or(WallTime{});
    } else if (*key == "next_at") {
      failure.next_at = ReadTimestamp(json);
    } else if (*key == "message") {
      failure.error.message = ReadText(json);
    } else if (*key == "errtype") {
      failure.error.type = ReadText(json);
    } else if (*key == "backtrace") {
      failure.error.backtrace = ReadLines(json);
    }
  }
  TM_TRY(json.Finish());
  failure.error = Reported(std::move(failure.error));
  return failure;
}

void AppendFailure(const Failure& failure, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("retry_count", failure.retry_count);
  json.Member("remaining", failure.remaining);
  json.Member("failed_at", ToTimestamp(failure.failed_at));
  if (failure.next_at) json.Member("next_at", ToTimestamp(*failure.next_at));
  json.Member("message", failure.error.message);
  json.Member("errtype", failure.error.type);
  if (!failure.error.backtrace.empty()) {
    json.Key("backtrace");
    json.BeginArray();
    for (const std::string& line : failure.error.backtrace) json.String(line);
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace tidemill::job
