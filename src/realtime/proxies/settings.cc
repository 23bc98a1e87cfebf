#include "realtime/proxies/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/ascii.h"
#include "config/section.h"
#include "config/value.h"
#include "http/url.h"
#include "realtime/proxies/transforms.h"

namespace tidemill::proxies {
namespace {

using config::Of;
using Row = config::Row<ProxySettings>;

constexpr Row kEnabled = {
    "enabled",
    Of<&ProxySettings::enabled>,
    {.doc =
         "Your service says who a client without a token is. All proxies have the "
         "keys that follow: client.proxy.refresh, channel.proxy.subscribe, "
         "channel.proxy.publish, channel.proxy.sub_refresh, channel.proxy.map_publish, "
         "channel.proxy.map_remove, channel.proxy.shared_poll_refresh, rpc.proxy, and each of [[proxies]]."}};
constexpr Row kRefreshEnabled = {
    "enabled",
    Of<&ProxySettings::enabled>,
    {.doc = "Your service prolongs connections that expire, and not the client with a newer token."}};

constexpr Row kEndpoint = {"endpoint",
                           Of<&ProxySettings::endpoint>,
                           {.doc = "URL that the proxy posts to: \"http://localhost:3000/centrifugo\"."}};
constexpr Row kTimeout = {"timeout",
                          Of<&ProxySettings::timeout>,
                          {.doc = "How long a call may take, all in all.", .min = 10, .max = 60'000}};

constexpr Row kHttpHeaders = {
    "http_headers",
    Of<&ProxySettings::http_headers>,
    {.doc = "Headers of the request with which the client opened its connection that are passed on."}};
constexpr Row kEmulatedHeaders = {
    "emulated_headers",
    Of<&ProxySettings::emulated_headers>,
    {.doc =
         "Headers that are passed on from the client's connect command, which browsers can set. Never trust "
         "them: they are the client's. The connection's own come first."}};
constexpr Row kBinaryEncoding = {"binary_encoding",
                                 Of<&ProxySettings::binary_encoding>,
                                 {.doc = "Data are sent as base64 in b64data, for those that are not JSON."}};
constexpr Row kIncludeMeta = {
    "include_connection_meta",
    Of<&ProxySettings::include_connection_meta>,
    {.doc = "Sends what the token or the connect proxy gave as meta; not to the connect proxy."}};
constexpr Row kStaticHeaders = {
    "http.static_headers",
    Of<&ProxySettings::static_headers>,
    {.doc = "Headers of each call: {Authorization = \"Bearer …\"}. The client's go before them."}};
constexpr Row kTransforms = {
    "http.status_to_code_transforms",
    Of<&ProxySettings::status_to_code_transforms>,
    {.doc = "What a status other than 200 is for the client: [{status_code = 404, to_error = {code = 404, "
            "message = \"no such room\", temporary = false}}], or to_disconnect = {code = 4500, reason = "
            "\"…\"}. Without one it is error 100."}};
constexpr Row kTlsEnabled = {
    "http.tls.enabled",
    Of<&ProxySettings::tls_enabled>,
    {.doc = "Uses the keys below for an https endpoint; without it, the system's authorities are trusted."}};
constexpr Row kTlsCa = {"http.tls.server_ca_pem",
                        Of<&ProxySettings::tls_server_ca_file>,
                        {.doc = "File with the certificates in PEM that vouch for your service; the system's "
                                "when empty."}};
constexpr Row kTlsCert = {"http.tls.cert_pem",
                          Of<&ProxySettings::tls_cert_file>,
                          {.doc = "File with the certificate in PEM that is shown to your service."}};
constexpr Row kTlsKey = {"http.tls.key_pem",
                         Of<&ProxySettings::tls_key_file>,
                         {.doc = "File with its key; only its owner may read it."}};
constexpr Row kTlsSkip = {"http.tls.insecure_skip_verify",
                          Of<&ProxySettings::tls_insecure_skip_verify>,
                          {.doc = "Believes any certificate. For development."}};
constexpr Row kConnections = {"http.connections_max",
                              Of<&ProxySettings::connections_max>,
                              {.doc = "Connections to the endpoint that each loop may have; they are kept "
                                      "between calls.",
                               .min = 1,
                               .max = 65'535}};
constexpr Row kWaiting = {"http.waiting_max",
                          Of<&ProxySettings::waiting_max>,
                          {.doc = "Calls of each loop that may wait for a connection; further ones are error "
                                  "111 at once.",
                           .max = 1'000'000}};
constexpr Row kWaitingBytes = {
    "http.waiting_bytes_max",
    Of<&ProxySettings::waiting_bytes_max>,
    {.doc =
         "Bytes of the calls of each loop that may be under way or wait; further ones are error 111 at once.",
     .min = 64 << 10,
     .max = config::kGiB}};
constexpr Row kResponse = {"http.response_bytes_max",
                           Of<&ProxySettings::response_bytes_max>,
                           {.doc = "The longest answer, in bytes.", .min = 1024, .max = 64 << 20}};

constexpr std::array kRest = {kEndpoint,     kTimeout,       kHttpHeaders, kEmulatedHeaders, kBinaryEncoding,
                              kIncludeMeta,  kStaticHeaders, kTransforms,  kTlsEnabled,      kTlsCa,
                              kTlsCert,      kTlsKey,        kTlsSkip,     kConnections,     kWaiting,
                              kWaitingBytes, kResponse};

template <std::size_t... kIndexes>
constexpr auto WithFirst(const Row& first, std::index_sequence<kIndexes...>) {
  return std::array{first, kRest[kIndexes]...};
}
constexpr auto WithFirst(const Row& first) {
  return WithFirst(first, std::make_index_sequence<kRest.size()>());
}

constexpr auto kConnect = WithFirst(kEnabled);
constexpr auto kRefresh = WithFirst(kRefreshEnabled);

constexpr config::Row<RpcOptions> kRpc[] = {
    {"proxy_enabled",
     Of<&RpcOptions::proxy_enabled>,
     {.doc = "Your service answers the rpc commands of clients. Methods \"name:…\" are of the namespace of "
             "[[rpc.namespaces]] with that name."}},
    {"proxy_name",
     Of<&RpcOptions::proxy_name>,
     {.doc = "Which proxy asks it: that of rpc.proxy, or one of [[proxies]]."}},
};

constexpr config::Row<ProxiesSettings> kRpcPing[] = {
    {"enabled",
     Of<&ProxiesSettings::rpc_ping>,
     {.doc = "Answers an rpc method that does nothing, for clients that measure the way."}},
    {"method", Of<&ProxiesSettings::rpc_ping_method>, {.doc = "Its name."}},
};

// What belongs to the call itself.
constexpr std::string_view kOwnHeaders[] = {
    "connection", "content-length", "content-type",      "expect", "host",
    "te",         "trailer",        "transfer-encoding", "upgrade"};

bool IsOwn(std::string_view name) {
  return std::ranges::find(kOwnHeaders, ToLower(name)) != std::end(kOwnHeaders);
}

class Checker {
 public:
  Checker(const ProxySettings& proxy, const std::string& prefix, config::Findings& findings)
      : proxy_(proxy), prefix_(prefix), findings_(findings) {}

  void CheckAll() {
    CheckEndpoint();
    CheckHeaders("http_headers", proxy_.http_headers);
    CheckHeaders("emulated_headers", proxy_.emulated_headers);
    if (const auto headers = ReadStaticHeaders(proxy_.static_headers.text); !headers) {
      Add("http.static_headers", headers.error().detail);
    } else {
      for (const auto& [name, value] : *headers) {
        if (IsOwn(name)) Add("http.static_headers", OwnHeader(name));
      }
    }
    if (const auto transforms = ReadTransforms(proxy_.status_to_code_transforms.text); !transforms) {
      Add("http.status_to_code_transforms", transforms.error().detail);
    }
    if (proxy_.tls_cert_file.empty() != proxy_.tls_key_file.empty()) {
      Add(proxy_.tls_cert_file.empty() ? "http.tls.key_pem" : "http.tls.cert_pem",
          "http.tls.cert_pem and http.tls.key_pem belong together");
    }
    const bool has_tls = !proxy_.tls_server_ca_file.empty() || !proxy_.tls_cert_file.empty() ||
                         proxy_.tls_insecure_skip_verify;
    if (has_tls && !proxy_.tls_enabled) Add("http.tls.enabled", "other keys of http.tls need it to be true");
  }

 private:
  void Add(std::string_view key, std::string_view what) {
    findings_.push_back({.key = fmt::format("{}{}", prefix_, key), .text = fmt::format(": {}", what)});
  }

  static std::string OwnHeader(std::string_view name) {
    return fmt::format("{} belongs to the call itself", config::Quote(name));
  }

  void CheckEndpoint() {
    if (proxy_.endpoint.empty()) return;
    if (proxy_.endpoint.starts_with("grpc://")) {
      return Add("endpoint",
                 "gRPC is not available; let the service answer over HTTP, and give an http or https URL");
    }
    // Not what the parser says: it has the URL in it, and that may have a password.
    if (!http::Url::Parse(proxy_.endpoint)) {
      Add("endpoint", "must be an absolute http or https URL without credentials");
    }
  }

  void CheckHeaders(std::string_view key, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (!IsToken(name)) Add(key, fmt::format("{} is no name of a header", config::Quote(name)));
      if (IsOwn(name)) Add(key, OwnHeader(name));
    }
  }

  const ProxySettings& proxy_;
  const std::string& prefix_;
  config::Findings& findings_;
};

void CheckProxy(const ProxySettings& proxy, const std::string& prefix, config::Findings& findings) {
  Checker(proxy, prefix, findings).CheckAll();
}

void CheckClientProxy(const ProxySettings& proxy, const std::string& prefix, config::Findings& findings) {
  CheckProxy(proxy, prefix, findings);
  if (!proxy.enabled || !proxy.endpoint.empty()) return;
  findings.push_back({.key = prefix + "endpoint", .others = {prefix + "enabled"}, .text = ": not set"});
}

void CheckNamed(const ProxySettings& proxy, const std::string& prefix, config::Findings& findings) {
  CheckProxy(proxy, prefix, findings);
  if (proxy.endpoint.empty()) findings.push_back({.key = prefix + "endpoint", .text = ": not set"});
  if (prefix == "proxies.default.") {
    findings.push_back({.key = "proxies.default", .text = ": the name is that of the proxies of each kind"});
  }
}

// One use of a proxy by an option.
struct Use {
  std::string prefix;       // of the option: "channel.namespaces.chat."
  std::string_view option;  // "subscribe_proxy"
  bool enabled = false;
  const std::string& name;
  const ProxySettings& standard;  // the one that "default" is
  std::string_view standard_key;  // "channel.proxy.subscribe"
};

void CheckUse(const Use& use, const ProxiesSettings& proxies, config::Findings& findings) {
  if (use.name != channels::kDefaultProxy) {
    if (proxies.named.contains(use.name)) return;
    findings.push_back({.key = fmt::format("{}{}_name", use.prefix, use.option),
                        .text = fmt::format(" = {}: no such proxy in [[proxies]]", config::Quote(use.name))});
    return;
  }
  if (!use.enabled || !use.standard.endpoint.empty()) return;
  const std::string endpoint = fmt::format("{}.endpoint", use.standard_key);
  findings.push_back(
      {.key = fmt::format("{}{}_enabled", use.prefix, use.option),
       .others = {endpoint},
       .text = fmt::format(" = true: needs {}, or a proxy of [[proxies]] in {}_name", endpoint, use.option)});
}

void CheckPollProxy(const std::string& prefix, const channels::ChannelOptions& options,
                    const ProxiesSettings& proxies, config::Findings& findings) {
  const std::string& name = options.poll.proxy_name;
  if (name != channels::kDefaultProxy) {
    if (proxies.named.contains(name)) return;
    findings.push_back({.key = prefix + "shared_poll.proxy_name",
                        .text = fmt::format(" = {}: no such proxy in [[proxies]]", config::Quote(name))});
    return;
  }
  if (!options.is_poll() || !proxies.shared_poll_refresh.endpoint.empty()) return;
  findings.push_back(
      {.key = prefix + "subscription_type",
       .others = {"channel.proxy.shared_poll_refresh.endpoint"},
       .text = " = \"shared_poll\": needs channel.proxy.shared_poll_refresh.endpoint, or a proxy of "
               "[[proxies]] in shared_poll.proxy_name"});
}

void CheckOptions(const std::string& prefix, const channels::ChannelOptions& options,
                  const ProxiesSettings& proxies, config::Findings& findings) {
  const channels::MapOptions& map = options.map;
  const Use uses[] = {{prefix, "subscribe_proxy", options.subscribe_proxy_enabled,
                       options.subscribe_proxy_name, proxies.subscribe, "channel.proxy.subscribe"},
                      {prefix, "publish_proxy", options.publish_proxy_enabled, options.publish_proxy_name,
                       proxies.publish, "channel.proxy.publish"},
                      {prefix, "sub_refresh_proxy", options.sub_refresh_proxy_enabled,
                       options.sub_refresh_proxy_name, proxies.sub_refresh, "channel.proxy.sub_refresh"},
                      {prefix, "map.publish_proxy", map.publish_proxy_enabled, map.publish_proxy_name,
                       proxies.map_publish, "channel.proxy.map_publish"},
                      {prefix, "map.remove_proxy", map.remove_proxy_enabled, map.remove_proxy_name,
                       proxies.map_remove, "channel.proxy.map_remove"}};
  for (const Use& use : uses) CheckUse(use, proxies, findings);
  CheckPollProxy(prefix, options, proxies, findings);
}

void FillExample(ProxySettings& proxy) { proxy.endpoint = "http://localhost:3000/proxy"; }

}  // namespace

config::Section<ProxySettings> ConnectProxySection() { return {.rows = kConnect, .check = CheckClientProxy}; }

config::Section<ProxySettings> RefreshProxySection() {
  return {.rows = kRefresh, .check = CheckClientProxy, .documented = config::Shown::kNo};
}

config::Section<ProxySettings> DefaultProxySection() {
  return {.rows = kRest, .check = CheckProxy, .documented = config::Shown::kNo};
}

config::NamedTables<ProxySettings> ProxyTables() {
  return {.key = "proxies",
          .noun = "proxy",
          .example_name = "chat",
          .fill_example = FillExample,
          .section = {.rows = kRest, .check = CheckNamed},
          .name_bytes_min = 2,
          .documented = config::Shown::kNo};
}

config::Section<RpcOptions> RpcSection() { return {.rows = kRpc}; }

config::Section<ProxiesSettings> RpcPingSection() { return {.rows = kRpcPing}; }

config::NamedTables<RpcOptions> RpcNamespaceTables() {
  return {.key = "rpc.namespaces",
          .noun = "namespace",
          .example_name = "chat",
          .section = RpcSection(),
          .name_bytes_min = 2,
          .documented = config::Shown::kNo};
}

void Check(const ProxiesSettings& proxies, const channels::ChannelSettings& channel,
           config::Findings& findings) {
  CheckOptions("channel.without_namespace.", channel.without_namespace, proxies, findings);
  for (const auto& [name, options] : channel.namespaces) {
    CheckOptions("channel.namespaces." + name + ".", options, proxies, findings);
  }
  const auto check_rpc = [&](std::string prefix, const RpcOptions& options) {
    CheckUse(
        {std::move(prefix), "proxy", options.proxy_enabled, options.proxy_name, proxies.rpc, "rpc.proxy"},
        proxies, findings);
  };
  check_rpc("rpc.without_namespace.", proxies.rpc_without_namespace);
  for (const auto& [name, options] : proxies.rpc_namespaces) {
    check_rpc("rpc.namespaces." + name + ".", options);
  }
}

}  // namespace tidemill::proxies
