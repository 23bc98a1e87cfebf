#include "jobs/engine/stats.h"

#include <utility>

#include "base/json.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

constexpr std::int64_t kDayMs = Hours(24).ms;

}  // namespace

Stats::Sum& Stats::Today(WallTime now) {
  is_dirty_ = true;
  if (today_ == nullptr || now < day_begin_ || day_begin_ + Hours(24) <= now) {
    day_begin_ = WallTime{now.ms / kDayMs * kDayMs};
    today_ = &days_[job::ToTimestamp(day_begin_).substr(0, 10)];
  }
  return *today_;
}

Result<> Stats::Load(const Record& record) {
  Sum sum;
  JsonReader json(record.value);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "processed") sum.processed = json.ReadInteger<std::uint64_t>();
    if (*key == "failed") sum.failed = json.ReadInteger<std::uint64_t>();
  }
  TM_TRY(json.Finish());
  (record.key == kTotal ? total_ : days_[record.key]) = sum;
  return {};
}

void Stats::Write(MonotonicTime now, Gathering& gathering) {
  if (!is_dirty_ || now - written_at_ < kInterval) return;
  is_dirty_ = false;
  written_at_ = now;
  const auto put = [&](std::string key, const Sum& sum, std::optional<WallTime> expires_at) {
    std::string value;
    JsonWriter json(value);
    json.BeginObject();
    json.Member("processed", sum.processed);
    json.Member("failed", sum.failed);
    json.EndObject();
    gathering.Put({.kind = std::string(kKind),
                   .key = std::move(key),
                   .value = std::move(value),
                   .expires_at = expires_at});
  };
  put(std::string(kTotal), total_, std::nullopt);
  if (today_ == nullptr) return;
  put(job::ToTimestamp(day_begin_).substr(0, 10), *today_, day_begin_ + kKeptFor);
}

void Stats::Clear() {
  total_ = {};
  days_.clear();
  today_ = nullptr;
  is_dirty_ = false;
}

}  // namespace tidemill::jobs
