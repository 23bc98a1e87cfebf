#include "realtime/session/usage.h"

#include <utility>

#include "realtime/channels/name.h"

namespace tidemill::session {
namespace {

constexpr std::string_view kOther = "other";
// What the official clients say they are, unless the application says something else.
constexpr std::string_view kOfficial[] = {"js", "go", "python", "dart", "swift", "java", "csharp"};

std::string_view NamespaceOf(std::string_view channel) {
  const auto name = channels::ParseChannelName(channel);
  return name.name_space;
}

}  // namespace

Usage::Usage(metrics::Registry& registry, const UsageOptions& options)
    : registry_(registry), by_namespace_(options.by_namespace) {
  const auto open = [&](std::string_view name) {
    clients_.try_emplace(
        std::string(name),
        registry.OpenGauge("tidemill_client_connections", "Connected clients, by the name that they give.",
                           {{"client_name", std::string(name)}}));
  };
  for (const std::string_view name : kOfficial) open(name);
  for (const std::string& name : options.client_names) open(name);
  open(kOther);
}

metrics::Gauge& Usage::OfClient(const AppNames::App& app) {
  const auto found = clients_.find(app.name);
  return *(found == clients_.end() ? clients_.find(kOther) : found)->second;
}

void Usage::OnConnected(const Client&, const AppNames::App& app) { OfClient(app).Add(1); }

void Usage::OnDisconnected(const Client&, const AppNames::App& app, std::uint32_t, std::string_view) {
  OfClient(app).Sub(1);
}

void Usage::OnJoined(const Client&, std::string_view channel) {
  OfNamespace& counts = Of(NamespaceOf(channel));
  counts.subscriptions->Add(1);
  counts.subscribes->Add();
}

void Usage::OnLeft(const Client&, std::string_view channel) {
  Of(NamespaceOf(channel)).subscriptions->Sub(1);
}

void Usage::OnPublication(std::string_view name_space, std::size_t bytes) {
  OfNamespace& counts = Of(name_space);
  counts.publications->Add();
  counts.published_bytes->Add(bytes);
}

Usage::OfNamespace& Usage::Of(std::string_view name_space) {
  const auto found = namespaces_.find(name_space);
  if (found != namespaces_.end()) return found->second;
  const metrics::Labels labels = {{"namespace", std::string(name_space)}};
  OfNamespace counts{
      .subscriptions = registry_.OpenGauge("tidemill_namespace_subscriptions",
                                           "Subscriptions to channels of the namespace.", labels),
      .subscribes = registry_.OpenCounter("tidemill_namespace_subscribes_total",
                                          "Subscriptions that began in the namespace.", labels),
      .publications =
          registry_.OpenCounter("tidemill_namespace_publications_total",
                                "Publications that were accepted for channels of the namespace.", labels),
      .published_bytes =
          registry_.OpenCounter("tidemill_namespace_published_bytes_total", "Bytes of their data.", labels)};
  return namespaces_.emplace(std::string(name_space), std::move(counts)).first->second;
}

}  // namespace tidemill::session
