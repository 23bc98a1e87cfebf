#include "jobs/engine/locks.h"

#include <fmt/format.h>

#include <vector>

#include "base/hex.h"
#include "base/json.h"

namespace tidemill::jobs {

Result<> Locks::MayTake(std::string_view key, WallTime now) const {
  const auto found = by_key_.find(std::string(key));
  if (found != by_key_.end() && now < found->second.expires_at) {
    return Fail(Errc::kAlreadyExists, found->second.jid);
  }
  if (found == by_key_.end() && by_key_.size() >= max_) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} unique jobs at a time (jobs.unique_max)", max_));
  }
  return {};
}

void Locks::Take(std::string_view key, std::string_view jid, WallTime expires_at, Gathering& gathering) {
  by_key_[std::string(key)] = {.jid = std::string(jid), .expires_at = expires_at};
  std::string value;
  AppendJsonString(jid, value);
  gathering.Put({.kind = std::string(kKind),
                 .key = HexEncode(key),
                 .value = std::move(value),
                 .expires_at = expires_at});
}

void Locks::Release(std::string_view key, std::string_view jid, Gathering& gathering) {
  const auto found = by_key_.find(std::string(key));
  if (found == by_key_.end() || found->second.jid != jid) return;
  by_key_.erase(found);
  gathering.Remove(RecordKey{.kind = std::string(kKind), .key = HexEncode(key)});
}

Result<> Locks::Load(const Record& record) {
  const auto key = HexDecode(record.key);
  JsonReader json(record.value);
  std::string jid = json.ReadString();
  TM_TRY(json.Finish());
  if (!key || !record.expires_at) return Fail(Errc::kInvalidArgument, "lock " + record.key + " is damaged");
  by_key_[*key] = {.jid = std::move(jid), .expires_at = *record.expires_at};
  return {};
}

void Locks::Sweep(WallTime now, std::size_t count) {
  std::vector<std::string> over;
  for (; count > 0; --count) {
    if (swept_ >= by_key_.bucket_count()) swept_ = 0;
    for (auto it = by_key_.cbegin(swept_); it != by_key_.cend(swept_); ++it) {
      if (it->second.expires_at <= now) over.push_back(it->first);
    }
    ++swept_;
  }
  for (const std::string& key : over) by_key_.erase(key);
}

}  // namespace tidemill::jobs
