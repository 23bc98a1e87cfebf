// PresenceMirror: keeps who is in channels as keys of map channels, so that others can follow it as a map
// (map_clients_presence_channel_prefix, map_users_presence_channel_prefix).
//
// A key lives for the map's key_ttl; it is renewed before that as long as somebody of this loop is there. The
// key of a client is removed when it leaves; that of a user expires, so that who comes back soon was never
// gone. Nobody waits for it: what fails and may work soon is tried again a second later. At most kRenewalsMax
// are under way. How often a key is renewed follows a reload.
//
// Loop thread only. Must outlive the scope's tasks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/session/metrics.h"

namespace tidemill::session {

struct SessionSettings;

class PresenceMirror final : private net::Timer {
 public:
  static constexpr std::size_t kRenewalsMax = 256;

  // All are borrowed. `settings` are those that hold: replaced by a reload.
  PresenceMirror(net::Loop& loop, broker::MapPublisher& maps, SessionMetrics& metrics, TaskScope& scope,
                 const std::shared_ptr<const SessionSettings>& settings)
      : loop_(loop), maps_(maps), metrics_(metrics), scope_(scope), settings_(settings) {}
  PresenceMirror(const PresenceMirror&) = delete;
  PresenceMirror& operator=(const PresenceMirror&) = delete;

  struct Place {
    std::string channel;  // the map
    std::string key;
  };
  // One more is there: the key appears, if it is new, and is renewed.
  void Enter(const Place& place, std::optional<protocol::ClientInfo> info);
  // One less. Whether nobody of this loop is there any more.
  bool Leave(const Place& place);

 private:
  struct Entry {
    Place place;
    std::optional<protocol::ClientInfo> info;
    MonotonicTime due{};
    std::size_t count = 0;
  };
  struct ByDue {
    bool operator()(const Entry* a, const Entry* b) const;
  };
  using Entries = std::unordered_map<std::string, std::unique_ptr<Entry>>;

  void OnTimer() override { RenewDue(); }
  void RenewDue();
  Task<void> Renew(std::string id);
  void SetDue(Entry& entry, Duration in);
  // Between two renewals.
  Duration IntervalOf(const Place& place) const;

  net::Loop& loop_;
  broker::MapPublisher& maps_;
  SessionMetrics& metrics_;
  TaskScope& scope_;
  const std::shared_ptr<const SessionSettings>& settings_;
  Entries entries_;
  std::set<Entry*, ByDue> by_due_;
  std::size_t renewals_ = 0;  // under way
};

}  // namespace tidemill::session
