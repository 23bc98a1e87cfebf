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
  Used shared_poll_refresh;

  void Add(const channels::ChannelOptions& options) {
    const auto add = [](bool enabled, const std::string& name, Used& used) {
      if (enabled) used.insert(name);
    };
    add(options.subscribe_proxy_enabled, options.subscribe_proxy_name, subscribe);
    add(options.publish_proxy_enabled, options.publish_proxy_name, publish);
    add(options.sub_refresh_proxy_enabled, options.sub_refresh_proxy_name, sub_refresh);
    add(options.map.publish_proxy_enabled, options.map.publish_proxy_name, map_publish);
    add(options.map.remove_proxy_enabled, options.map.remove_proxy_name, map_remove);
    add(options.is_poll(), options.poll.proxy_name, shared_poll_refresh);
  }
};

class Opener {
 public:
  Opener(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings, const ProxiesTls& tls,
         Routes& routes)
      : surroundings_(surroundings), settings_(settings), tls_(tls), routes_(routes) {}

  void Open(const std::string& kind, const std::string& name, const ProxySettings& settings,
            const EndpointTls& tls, const EndpointPtr& before, EndpointPtr& out) {
    const bool same = before && before->Is(settings, tls);
    out = same ? before : Endpoint::Open(surroundings_, kind, name, settings, tls);
    const auto add = [](const std::vector<std::string>& names, std::vector<std::string>& all) {
      for (const std::string& each : names) {
        if (!Names(all, each)) all.push_back(each);
      }
    };
    add(out->header_names().handshake, routes_.header_names.handshake);
    add(out->header_names().connect, routes_.header_names.connect);
  }

  void OpenStandard(const std::string& kind, const ProxySettings& settings, const EndpointPtr& before,
                    EndpointPtr& out) {
    if (!settings.enabled) return;
    Open(kind, std::string(channels::kDefaultProxy), settings, tls_.standard.at(kind), before, out);
  }

  // What the check of the settings finds fault with is left out.
  void OpenAll(const std::string& kind, const Used& used, const ProxySettings& standard,
               const Endpoints& before, Endpoints& out) {
    for (const std::string& name : used) {
      const bool is_standard = name == channels::kDefaultProxy;
      const auto named = settings_.named.find(name);
      if (!is_standard && named == settings_.named.end()) continue;
      const ProxySettings& settings = is_standard ? standard : named->second;
      if (settings.endpoint.empty()) continue;
      const auto found = before.find(name);
      const EndpointTls& tls = is_standard ? tls_.standard.at(kind) : tls_.named.at(name);
      Open(kind, name, settings, tls, found == before.end() ? nullptr : found->second, out[name]);
    }
  }

 private:
  const Endpoint::Surroundings& surroundings_;
  const ProxiesSettings& settings_;
  const ProxiesTls& tls_;
  Routes& routes_;
};

}  // namespace

Routes OpenRoutes(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings,
                  const ProxiesTls& tls, const channels::ChannelSettings& channel, const Routes& before) {
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

  Opener opener(surroundings, settings, tls, routes);
  opener.OpenStandard("connect", settings.connect, before.connect, routes.connect);
  opener.OpenStandard("refresh", settings.refresh, before.refresh, routes.refresh);
  opener.OpenAll("subscribe", used.subscribe, settings.subscribe, before.subscribe, routes.subscribe);
  opener.OpenAll("publish", used.publish, settings.publish, before.publish, routes.publish);
  opener.OpenAll("sub_refresh", used.sub_refresh, settings.sub_refresh, before.sub_refresh,
                 routes.sub_refresh);
  opener.OpenAll("map_publish", used.map_publish, settings.map_publish, before.map_publish,
                 routes.map_publish);
  opener.OpenAll("map_remove", used.map_remove, settings.map_remove, before.map_remove, routes.map_remove);
  opener.OpenAll("shared_poll_refresh", used.shared_poll_refresh, settings.shared_poll_refresh,
                 before.shared_poll_refresh, routes.shared_poll_refresh);
  opener.OpenAll("rpc", rpc, settings.rpc, before.rpc, routes.rpc);
  return routes;
}

Result<ProxiesTls> OpenTls(const ProxiesSettings& settings) {
  ProxiesTls tls;
  const std::pair<std::string_view, const ProxySettings*> standard[] = {
      {"connect", &settings.connect},
      {"refresh", &settings.refresh},
      {"subscribe", &settings.subscribe},
      {"publish", &settings.publish},
      {"sub_refresh", &settings.sub_refresh},
      {"map_publish", &settings.map_publish},
      {"map_remove", &settings.map_remove},
      {"shared_poll_refresh", &settings.shared_poll_refresh},
      {"rpc", &settings.rpc}};
  for (const auto& [kind, proxy] : standard) {
    TM_TRY_ASSIGN(tls.standard[std::string(kind)], Endpoint::OpenTls(kind, *proxy));
  }
  for (const auto& [name, proxy] : settings.named) {
    TM_TRY_ASSIGN(tls.named[name], Endpoint::OpenTls(name, proxy));
  }
  return tls;
}

}  // namespace tidemill::proxies
