// Settings of proxies: client.proxy.*, channel.proxy.*, rpc.* and [[proxies]].
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/finding.h"
#include "config/json_value.h"
#include "config/section_fwd.h"
#include "realtime/channels/settings.h"

namespace tidemill::proxies {

// One endpoint of the operator's service, and how it is asked.
struct ProxySettings {
  bool enabled = false;  // of client.proxy.*; the others are switched on where they are used
  std::string endpoint;  // a URL
  Duration timeout = Seconds(1);
  std::vector<std::string> http_headers;
  std::vector<std::string> emulated_headers;
  bool binary_encoding = false;
  bool include_connection_meta = false;
  config::SecretObject static_headers;
  config::JsonArray status_to_code_transforms;
  bool tls_enabled = false;
  std::string tls_server_ca_file;
  std::string tls_cert_file;
  std::string tls_key_file;
  bool tls_insecure_skip_verify = false;
  std::uint32_t connections_max = 256;
  std::uint32_t waiting_max = 4096;
  std::uint64_t waiting_bytes_max = 64 << 20;
  std::uint32_t response_bytes_max = 1 << 20;
  friend bool operator==(const ProxySettings&, const ProxySettings&) = default;
};

// Of the methods of one namespace.
struct RpcOptions {
  bool proxy_enabled = false;
  std::string proxy_name = std::string(channels::kDefaultProxy);
  friend bool operator==(const RpcOptions&, const RpcOptions&) = default;
};

struct ProxiesSettings {
  ProxySettings connect;
  ProxySettings refresh;
  ProxySettings subscribe;
  ProxySettings publish;
  ProxySettings sub_refresh;
  ProxySettings map_publish;
  ProxySettings map_remove;
  ProxySettings shared_poll_refresh;
  ProxySettings rpc;
  std::map<std::string, ProxySettings> named;
  RpcOptions rpc_without_namespace;
  std::map<std::string, RpcOptions> rpc_namespaces;
  bool rpc_ping = false;
  std::string rpc_ping_method = "ping";
  friend bool operator==(const ProxiesSettings&, const ProxiesSettings&) = default;
};

// client.proxy.connect, the one that documents them all.
config::Section<ProxySettings> ConnectProxySection();
// client.proxy.refresh
config::Section<ProxySettings> RefreshProxySection();
// channel.proxy.*, rpc.proxy
config::Section<ProxySettings> DefaultProxySection();
config::NamedTables<ProxySettings> ProxyTables();
// rpc.without_namespace
config::Section<RpcOptions> RpcSection();
// rpc.ping
config::Section<ProxiesSettings> RpcPingSection();
config::NamedTables<RpcOptions> RpcNamespaceTables();

// Proxies that are used and cannot be: there is none of that name, or it has no endpoint.
void Check(const ProxiesSettings& proxies, const channels::ChannelSettings& channel,
           config::Findings& findings);

}  // namespace tidemill::proxies
