// StatusNoter: notes in the store of statuses which users are online and active, without anybody waiting.
//
// What a user's clients say and do in a moment is one note, and notes of many users are one call: neither a
// client that says often that it is active nor thousands that connect at once are more work for the store
// than there are users. Who stays connected is noted again and again.
//
// Loop thread only: the context's. The store outlives it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/text_hash.h"
#include "metrics/metrics.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "realtime/session/context.h"
#include "realtime/session/lifecycle.h"
#include "realtime/session/registry.h"
#include "realtime/session/rpc.h"
#include "realtime/status/store.h"

namespace tidemill::session {

inline constexpr std::string_view kUpdateUserStatus = "update_user_status";

struct StatusMetrics {
  explicit StatusMetrics(metrics::Registry& registry);
  metrics::Counter& noted;
  metrics::Counter& lost;
};

struct StatusNoterOptions {
  Duration gather = Milliseconds(200);
  Duration online_interval = Seconds(27);  // of those who stay
  std::size_t waiting_max = 100'000;       // users of each sign
};

class StatusNoter final : public LifecycleEvents, public RpcHandler, private net::Timer {
 public:
  StatusNoter(Context& context, status::Store& store, StatusNoterOptions options, StatusMetrics& metrics);

  void Start();

  void OnConnected(const Client& client, const AppNames::App&) override;
  void OnDisconnected(const Client& client, const AppNames::App&, std::uint32_t, std::string_view) override;
  // update_user_status: the client's user is active. It is answered before that is stored.
  Task<Verdict<std::string>> Call(const Client& caller, std::string method, std::string data) override;

 private:
  using Users = std::unordered_set<std::string, TextHash, std::equal_to<>>;

  void Note(const std::string& user, status::Sign sign);
  void OnTimer() override;
  Task<void> Flush();
  Task<void> NoteAllOnline();

  Context& context_;
  status::Store& store_;
  const StatusNoterOptions options_;
  StatusMetrics& metrics_;
  std::array<Users, status::kSigns> waiting_;  // by sign
  bool flushing_ = false;
  log::LogLimit complaints_;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::session
