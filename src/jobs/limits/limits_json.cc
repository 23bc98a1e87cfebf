#include "jobs/limits/limits_json.h"

#include "base/json.h"

namespace tidemill::jobs {
namespace {

void AppendRate(JsonName name, const std::optional<Rate>& rate, JsonWriter& json) {
  if (!rate) return;
  json.Key(name);
  json.BeginObject();
  json.Member("count", rate->count);
  json.Member("period_ms", rate->period.ms);
  if (rate->burst > 0) json.Member("burst", rate->burst);
  json.EndObject();
}

Rate ReadRate(JsonReader& json) {
  Rate rate;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "count") {
      rate.count = json.ReadInteger<int>();
    } else if (*key == "period_ms") {
      rate.period = Milliseconds(json.ReadInteger<std::int64_t>());
    } else if (*key == "burst") {
      rate.burst = json.ReadInteger<int>();
    } else {
      json.Fail("a rate has count, period_ms and burst");
    }
  }
  return rate;
}

}  // namespace

void AppendLimits(const QueueLimits& limits, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  if (limits.concurrency > 0) json.Member("concurrency", limits.concurrency);
  if (limits.worker_concurrency > 0) json.Member("worker_concurrency", limits.worker_concurrency);
  AppendRate("rate", limits.rate, json);
  if (!limits.key.empty()) json.Member("key", limits.key);
  if (limits.key_concurrency > 0) json.Member("key_concurrency", limits.key_concurrency);
  AppendRate("key_rate", limits.key_rate, json);
  if (limits.hold_for > Duration()) json.Member("hold_for_ms", limits.hold_for.ms);
  json.EndObject();
}

Result<QueueLimits> ParseLimits(std::string_view text) {
  QueueLimits limits;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (json.SkipNull()) continue;
    if (*key == "concurrency") {
      limits.concurrency = json.ReadInteger<int>();
    } else if (*key == "worker_concurrency") {
      limits.worker_concurrency = json.ReadInteger<int>();
    } else if (*key == "rate") {
      limits.rate = ReadRate(json);
    } else if (*key == "key") {
      limits.key = json.ReadString();
    } else if (*key == "key_concurrency") {
      limits.key_concurrency = json.ReadInteger<int>();
    } else if (*key == "key_rate") {
      limits.key_rate = ReadRate(json);
    } else if (*key == "hold_for_ms") {
      limits.hold_for = Milliseconds(json.ReadInteger<std::int64_t>());
    } else {
      json.Fail(
          "limits have concurrency, worker_concurrency, rate, key, key_concurrency, key_rate and "
          "hold_for_ms");
    }
  }
  TM_TRY(json.Finish());
  TM_TRY(Check(limits));
  return limits;
}

}  // namespace tidemill::jobs
