#include "jobs/limits/queue_limits.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/json.h"
#include "jobs/job/unique_key.h"

namespace tidemill::jobs {
namespace {

Result<> CheckUnits(std::string_view member, int units) {
  if (units >= 0 && units <= kUnitsMax) return {};
  return Fail(Errc::kInvalidArgument, fmt::format("{} must be 0 to {}; 0: no limit", member, kUnitsMax));
}

Result<> CheckRate(std::string_view member, const std::optional<Rate>& rate) {
  if (!rate) return {};
  if (rate->count < 1 || rate->count > kUnitsMax) {
    return Fail(Errc::kInvalidArgument, fmt::format("{}: the count must be 1 to {}", member, kUnitsMax));
  }
  if (rate->period < Milliseconds(1) || rate->period > kPeriodMax) {
    return Fail(Errc::kInvalidArgument, fmt::format("{}: the period must be 1 ms to 31 days", member));
  }
  if (rate->burst < 0 || rate->burst > kUnitsMax) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("{}: the burst must be 0 to {}; 0: as the count", member, kUnitsMax));
  }
  return {};
}

// A token of a JSON pointer, without its escapes; nullopt: a ~ that escapes nothing.
std::optional<std::string> Unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
    } else if (++i < token.size() && (token[i] == '0' || token[i] == '1')) {
      text += token[i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return text;
}

std::string_view TakeToken(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view token = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(token.size());
  return token;
}

// The element or member that the token names; empty: there is none.
std::string_view Child(std::string_view value, const std::string& token) {
  JsonReader json(value);
  std::string_view found;
  if (json.Peek() == JsonReader::Kind::kObject) {
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == token) found = json.ReadRaw();
    }
  } else if (json.Peek() == JsonReader::Kind::kArray) {
    json.EnterArray();
    for (std::size_t i = 0; json.NextElement(); ++i) {
      if (token == std::to_string(i)) return json.ReadRaw();
      json.Skip();
    }
  }
  return json.ok() ? found : std::string_view();
}

}  // namespace

Result<> Check(const QueueLimits& limits) {
  TM_TRY(CheckUnits("concurrency", limits.concurrency));
  TM_TRY(CheckUnits("worker_concurrency", limits.worker_concurrency));
  TM_TRY(CheckUnits("key_concurrency", limits.key_concurrency));
  TM_TRY(CheckRate("rate", limits.rate));
  TM_TRY(CheckRate("key_rate", limits.key_rate));
  if (limits.hold_for < Duration() || limits.hold_for > kPeriodMax) {
    return Fail(Errc::kInvalidArgument, "hold_for must be 0 to 31 days; 0: until the job ends");
  }
  std::string_view pointer = limits.key;
  bool is_pointer = pointer.size() <= kPointerBytesMax && (pointer.empty() || pointer.starts_with('/'));
  while (is_pointer && !pointer.empty()) is_pointer = Unescaped(TakeToken(pointer)).has_value();
  if (!is_pointer) {
    return Fail(
        Errc::kInvalidArgument,
        fmt::format("key must be a JSON pointer like /args/0 or /custom/tenant, with at most {} bytes",
                    kPointerBytesMax));
  }
  return {};
}

std::string LimitKeyOf(const QueueLimits& limits, std::string_view job_text,
                       const std::optional<job::Flow>& flow) {
  if (!limits.limits_keys()) return {};
  if (limits.key.empty()) return flow ? flow->limit_key : std::string();
  std::string_view value = job_text;
  std::string_view pointer = limits.key;
  while (!pointer.empty() && !value.empty()) value = Child(value, Unescaped(TakeToken(pointer)).value_or(""));

  JsonReader json(value);
  std::string key;
  switch (json.Peek()) {
    case JsonReader::Kind::kString: key = json.ReadString(); break;
    case JsonReader::Kind::kNumber:
    case JsonReader::Kind::kBool: key = std::string(value); break;
    default: return {};
  }
  if (key.size() <= job::kLimitKeyBytesMax) return key;
  return HexEncode(job::Sha256(key));
}

}  // namespace tidemill::jobs
