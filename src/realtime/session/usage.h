// Usage: what is counted by namespace, and by what clients say they are.
//
// Series have names that the operator has given (namespaces of the configuration, names of clients) or that
// are the official clients', so that no client makes series; all other clients are "other".
//
// One per loop, loop thread only; all loops count in the same series. The registry outlives it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "metrics/metrics.h"
#include "realtime/broker/publisher.h"
#include "realtime/session/lifecycle.h"
#include "realtime/session/usage_settings.h"

namespace tidemill::session {

class Usage final : public LifecycleEvents, public broker::PublishUsage {
 public:
  Usage(metrics::Registry& registry, const UsageOptions& options);

  void OnConnected(const Client& client, const AppNames::App& app) override;
  void OnDisconnected(const Client& client, const AppNames::App& app, std::uint32_t,
                      std::string_view) override;
  bool WantsJoins(const channels::ChannelOptions&) const override { return by_namespace_; }
  void OnJoined(const Client& client, std::string_view channel) override;
  void OnLeft(const Client& client, std::string_view channel) override;
  void OnPublication(std::string_view name_space, std::size_t bytes) override;

 private:
  struct OfNamespace {
    metrics::Held<metrics::Gauge> subscriptions;
    metrics::Held<metrics::Counter> subscribes;
    metrics::Held<metrics::Counter> publications;
    metrics::Held<metrics::Counter> published_bytes;
  };

  metrics::Gauge& OfClient(const AppNames::App& app);
  OfNamespace& Of(std::string_view name_space);

  metrics::Registry& registry_;
  const bool by_namespace_;
  std::map<std::string, metrics::Held<metrics::Gauge>, std::less<>> clients_;  // by name; "other" too
  std::map<std::string, OfNamespace, std::less<>> namespaces_;
};

}  // namespace tidemill::session
