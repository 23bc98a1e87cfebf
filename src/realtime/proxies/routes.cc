#include "realtime/proxies/routes.h"

#include <set>
#include <utility>
#include <vector>

namespace tidemill::proxies {
namespace {

// The names of the proxies of one kind that namespaces use.
using Used = std::set<std::string>;

struct UsedByChannels {
  Used subscribe;
  Used publish;
  Used sub_refresh;
  Used map_publish;
  Used map_remove;

  void Add(const channels::ChannelOptions& options) {
    const auto add = [](bool enabled, const std::string& name, Used& used) {
      if (enabled) used.insert(name);
    };
    add(options.subscribe_proxy_enabled, options.subscribe_proxy_name, subscribe);
    add(options.publish_proxy_enabled, options.publish_proxy_name, publish);
    add(options.sub_refresh_proxy_enabled, options.sub_refresh_proxy_name, sub_refresh);
    add(options.map.publish_proxy_enabled, options.map.publish_proxy_name, map_publish);
    add(options.map.remove_proxy_enabled, options.map.remove_proxy_name, map_remove);
  }
};

class Opener {
 public:
  Opener(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings, Routes& routes)
      : surroundings_(surroundings), settings_(settings), routes_(routes) {}

  Result<void> Open(const std::string& kind, const std::string& name, const ProxySettings& settings,
                    const EndpointPtr& before, EndpointPtr& out) {
    if (before && before->settings() == settings) {
      out = before;
    } else {
      TM_TRY_ASSIGN(out, Endpoint::Open(surroundings_, kind, name, settings));
    }
    const auto add = [](const std::vector<std::string>& names, std::vector<std::string>& all) {
      for (const std::string& each : names) {
        if (!Names(all, each)) all.push_back(each);
      }
    };
    add(out->header_names().handshake, routes_.header_names.handshake);
    add(out->header_names().connect, routes_.header_names.connect);
    return {};
  }

  // What the check of the settings finds fault with is left out.
  Result<void> OpenAll(const std::string& kind, const Used& used, const ProxySettings& standard,
                       const Endpoints& before, Endpoints& out) {
    for (const std::string& name : used) {
      const bool is_standard = name == channels::kDefaultProxy;
      const auto named = settings_.named.find(name);
      if (!is_standard && named == settings_.named.end()) continue;
      const ProxySettings& settings = is_standard ? standard : named->second;
      if (settings.endpoint.empty()) continue;
      const auto found = before.find(name);
      TM_TRY(Open(kind, name, settings, found == before.end() ? nullptr : found->second, out[name]));
    }
    return {};
  }

 private:
  const Endpoint::Surroundings& surroundings_;
  const ProxiesSettings& settings_;
  Routes& routes_;
};

}  // namespace

Result<Routes> OpenRoutes(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings,
                          const channels::ChannelSettings& channel, const Routes& before) {
  Routes routes;
  routes.settings = settings;
  UsedByChannels used;
  used.Add(channel.without_namespace);
  for (const auto& [name, options] : channel.namespaces) used.Add(options);
  Used rpc;
  if (settings.rpc_without_namespace.proxy_enabled) rpc.insert(settings.rpc_without_namespace.proxy_name);
  for (const auto& [name, options] : settings.rpc_namespaces) {
    if (options.proxy_enabled) rpc.insert(options.proxy_name);
  }

  Opener opener(surroundings, settings, routes);
  const std::string standard(channels::kDefaultProxy);
  if (settings.connect.enabled) {
    TM_TRY(opener.Open("connect", standard, settings.connect, before.connect, routes.connect));
  }
  if (settings.refresh.enabled) {
    TM_TRY(opener.Open("refresh", standard, settings.refresh, before.refresh, routes.refresh));
  }
  TM_TRY(opener.OpenAll("subscribe", used.subscribe, settings.subscribe, before.subscribe, routes.subscribe));
  TM_TRY(opener.OpenAll("publish", used.publish, settings.publish, before.publish, routes.publish));
  TM_TRY(opener.OpenAll("sub_refresh", used.sub_refresh, settings.sub_refresh, before.sub_refresh,
                        routes.sub_refresh));
  TM_TRY(opener.OpenAll("map_publish", used.map_publish, settings.map_publish, before.map_publish,
                        routes.map_publish));
  TM_TRY(opener.OpenAll("map_remove", used.map_remove, settings.map_remove, before.map_remove,
                        routes.map_remove));
  TM_TRY(opener.OpenAll("rpc", rpc, settings.rpc, before.rpc, routes.rpc));
  return routes;
}

Result<void> CheckFiles(const ProxiesSettings& settings) {
  const std::pair<std::string_view, const ProxySettings*> standard[] = {
      {"connect", &settings.connect},         {"refresh", &settings.refresh},
      {"subscribe", &settings.subscribe},     {"publish", &settings.publish},
      {"sub_refresh", &settings.sub_refresh}, {"map_publish", &settings.map_publish},
      {"map_remove", &settings.map_remove},   {"rpc", &settings.rpc}};
  for (const auto& [kind, proxy] : standard) TM_TRY(Endpoint::CheckFiles(kind, *proxy));
  for (const auto& [name, proxy] : settings.named) TM_TRY(Endpoint::CheckFiles(name, proxy));
  return {};
}

}  // namespace tidemill::proxies
