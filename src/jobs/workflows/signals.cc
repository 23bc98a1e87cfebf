#include "jobs/workflows/signals.h"

#include "base/json.h"
#include "jobs/workflows/node.h"

namespace tidemill::jobs {

const std::string* Signals::PayloadOf(std::string_view name) const {
  const auto found = signals_.find(name);
  return found == signals_.end() ? nullptr : &found->second.payload;
}

void Signals::Set(std::string_view name, std::string payload, std::size_t wanted_by, WallTime now) {
  auto at = signals_.find(name);
  if (at == signals_.end()) at = signals_.emplace(name, Entry{.wanted_by = wanted_by}).first;
  Entry& entry = at->second;
  payload_bytes_ += payload.size() - entry.payload.size();
  ends_.erase({entry.expires_at, at->first});
  entry.payload = std::move(payload);
  entry.expires_at = now + kept_for_;
  if (entry.wanted_by == 0) ends_.emplace(entry.expires_at, at->first);
  changed_.push_back(at->first);
}

void Signals::Want(std::string_view name) {
  const auto found = signals_.find(name);
  if (found == signals_.end() || found->second.wanted_by++ > 0) return;
  ends_.erase({found->second.expires_at, found->first});
  if (found->second.expires_at != kUnknown) changed_.push_back(found->first);  // else it has no end anyway
}

void Signals::Unwant(std::string_view name) {
  const auto found = signals_.find(name);
  if (found == signals_.end() || --found->second.wanted_by > 0) return;
  ends_.emplace(found->second.expires_at, found->first);
  if (found->second.expires_at != kUnknown) changed_.push_back(found->first);  // else it has no end anyway
}

bool Signals::Expire(WallTime now, std::size_t& count, std::vector<RecordKey>& deleted) {
  while (!ends_.empty() && ends_.begin()->first <= now) {
    if (count == 0) return true;
    --count;
    const auto found = signals_.find(ends_.begin()->second);
    ends_.erase(ends_.begin());
    if (found->second.expires_at == kUnknown) {
      found->second.expires_at = now + kept_for_;
      ends_.emplace(found->second.expires_at, found->first);
      changed_.push_back(found->first);
      continue;
    }
    payload_bytes_ -= found->second.payload.size();
    deleted.push_back({std::string(kSignalKind), found->first});
    signals_.erase(found);
  }
  return false;
}

std::vector<Record> Signals::Gather() {
  std::vector<Record> records;
  for (const std::string& name : std::exchange(changed_, {})) {
    const auto found = signals_.find(name);
    if (found == signals_.end()) continue;
    const Entry& entry = found->second;
    const bool has_end = entry.wanted_by == 0 && entry.expires_at != kUnknown;
    records.push_back(
        EncodeSignal(name, entry.payload, has_end ? std::optional(entry.expires_at) : std::nullopt));
  }
  return records;
}

Result<> Signals::Load(const Record& record) {
  if (record.kind != kSignalKind || !IsJson(record.value) || signals_.contains(record.key)) {
    return Fail(Errc::kInvalidArgument, "no signal");
  }
  const WallTime expires_at = record.expires_at.value_or(kUnknown);
  payload_bytes_ += record.value.size();
  signals_.emplace(record.key, Entry{.payload = record.value, .expires_at = expires_at});
  ends_.emplace(expires_at, record.key);
  return {};
}

std::shared_ptr<void> Signals::Clear() {
  struct Memory {
    Entries signals;
    std::set<std::pair<WallTime, std::string>> ends;
  };
  auto memory = std::make_shared<Memory>();
  memory->signals.swap(signals_);
  memory->ends.swap(ends_);
  changed_.clear();
  payload_bytes_ = 0;
  return memory;
}

}  // namespace tidemill::jobs
