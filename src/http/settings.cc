#include "http/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "config/section.h"
#include "config/value.h"
#include "http/host.h"
#include "net/address.h"
#include "net/networks.h"

namespace tidemill::http {
namespace {

constexpr std::array<std::string_view, 3> kClientAddressHeaders = {"", "X-Forwarded-For", "Forwarded"};

constexpr config::Row<ServerSettings> kHttpServer[] = {
    {"listen",
     config::Of<&ServerSettings::listen>,
     {.doc = "Addresses to listen on: \"127.0.0.1:8000\", \"[::1]:8000\", \":8000\" for all, "
             "\"unix:/run/tidemill.sock\".",
      .reload = config::Reload::kNo}},
    {"internal_listen",
     config::Of<&ServerSettings::internal_listen>,
     {.doc = "When given, the API, metrics and health are served on these addresses only.",
      .reload = config::Reload::kNo}},
    {"internal_plain_http",
     config::Of<&ServerSettings::internal_plain_http>,
     {.doc = "Serves internal_listen without TLS, although tls.cert_pem is given.",
      .reload = config::Reload::kNo}},
    {"allowed_hosts",
     config::Of<&ServerSettings::allowed_hosts>,
     {.doc =
          "Host names that requests to http_server.listen may be for, beside IP addresses; any when empty. "
          "\"*.example.com\" is a pattern."}},
    {"trusted_proxies",
     config::Of<&ServerSettings::trusted_proxies>,
     {.doc = "Networks of the proxies in front, \"10.0.0.0/8\", \"2001:db8::/32\", \"unix\" for Unix "
             "sockets: what "
             "they say of a client's address is believed, in logs and limits."}},
    {"client_address_header",
     config::Of<&ServerSettings::client_address_header>,
     {.doc = "Header in which trusted proxies say it; when empty, X-Forwarded-For, and Forwarded where that "
             "is not "
             "there. Name the one that yours set.",
      .choices = kClientAddressHeaders}},
    {"proxy_protocol",
     config::Of<&ServerSettings::proxy_protocol>,
     {.doc = "Connections to http_server.listen from trusted proxies begin with a PROXY header, version 1 or "
             "2; those "
             "from elsewhere do not."}},
    {"tls.cert_pem",
     config::Of<&ServerSettings::tls_cert_file>,
     {.doc = "File with the certificate chain in PEM, leaf first. With tls.key_pem, clients are served over "
             "TLS; to end that needs a restart."}},
    {"tls.key_pem",
     config::Of<&ServerSettings::tls_key_file>,
     {.doc = "File with the certificate's private key in PEM."}},
    {"max_request_body_bytes",
     config::Of<&ServerSettings::max_request_body_bytes>,
     {.doc = "The longest body of a request.",
      .min = 1024,
      .max = config::kGiB,
      .reload = config::Reload::kNo}},
    {"buffers_bytes_max",
     config::Of<&ServerSettings::buffers_bytes_max>,
     {.doc =
          "Memory for requests and WebSocket messages that have not arrived whole and answers that clients "
          "have not taken, of all connections together, in bytes. Half of it is for requests with an API key "
          "and clients that are connected. At least twice max_request_body_bytes.",
      .min = 1024 * 1024,
      .max = 1024 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"headers_timeout",
     config::Of<&ServerSettings::headers_timeout>,
     {.doc = "Until the headers of a request are there; also until a new connection's first byte is.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"body_timeout",
     config::Of<&ServerSettings::body_timeout>,
     {.doc = "From the headers until the body of a request is there.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"answer_timeout",
     config::Of<&ServerSettings::answer_timeout>,
     {.doc = "How long a client may take for an answer that waits for it.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"keep_alive_timeout",
     config::Of<&ServerSettings::keep_alive_timeout>,
     {.doc = "How long a connection may wait between requests.",
      .min = 100,
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<ServerSettings> kConnectionLimits[] = {
    {"connection_limit",
     config::Of<&ServerSettings::connection_limit>,
     {.doc = "Connections of this node; 0: as many as the open-file limit allows."}},
    {"connection_limit_per_address",
     config::Of<&ServerSettings::connection_limit_per_address>,
     {.doc = "Connections from one IP address; 0: any number."}},
};

struct Given {
  std::string key;
  net::ListenAddress address;
};

// Whether binding one keeps the other from being bound; port 0 is another one each time.
bool Overlap(const net::ListenAddress& a, const net::ListenAddress& b) {
  if (!a.unix_path.empty() || !b.unix_path.empty()) return a.unix_path == b.unix_path;
  if (a.tcp.port != b.tcp.port || a.tcp.port == 0) return false;
  constexpr net::IpAddress kAll;
  constexpr net::IpAddress kAllV4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
  const auto takes = [&](const net::IpAddress& one, const net::IpAddress& other) {
    return one == kAll || (one == kAllV4 && other.IsIpv4());
  };
  return a.tcp.ip == b.tcp.ip || takes(a.tcp.ip, b.tcp.ip) || takes(b.tcp.ip, a.tcp.ip);
}

void CheckAddresses(const std::string& key, const std::vector<std::string>& texts, std::vector<Given>& given,
                    config::Findings& findings) {
  for (const std::string& text : texts) {
    Result<net::ListenAddress> address = net::ListenAddress::Parse(text);
    if (!address) {
      findings.push_back({.key = key, .text = ": " + address.error().detail});
      continue;
    }
    const auto overlapping =
        std::ranges::find_if(given, [&](const Given& earlier) { return Overlap(earlier.address, *address); });
    if (overlapping != given.end()) {
      findings.push_back(
          {.key = key,
           .others = {overlapping->key},
           .text = fmt::format(": address {} cannot be opened beside {} of {}", config::Quote(text),
                               config::Quote(overlapping->address.ToString()), overlapping->key)});
    }
    given.push_back({key, *std::move(address)});
  }
}

void CheckServer(const ServerSettings& server, const std::string& prefix, config::Findings& findings) {
  if (server.listen.empty()) {
    findings.push_back(
        {.key = prefix + "listen", .text = " = []: needs an address, such as \"127.0.0.1:8000\""});
  }
  std::vector<Given> addresses;
  CheckAddresses(prefix + "listen", server.listen, addresses, findings);
  CheckAddresses(prefix + "internal_listen", server.internal_listen, addresses, findings);
  if (server.buffers_bytes_max < 2 * server.max_request_body_bytes) {
    findings.push_back(
        {.key = prefix + "buffers_bytes_max",
         .others = {prefix + "max_request_body_bytes"},
         .text = fmt::format(" = {}: less than twice {}max_request_body_bytes, which is {}",
                             server.buffers_bytes_max, prefix, server.max_request_body_bytes)});
  }
  for (const std::string& host : server.allowed_hosts) {
    if (IsHostPattern(host)) continue;
    findings.push_back({.key = prefix + "allowed_hosts",
                        .text = fmt::format(": {} is no host name; write it like \"example.com\" or "
                                            "\"*.example.com\", without a port",
                                            config::Quote(host))});
  }
  if (const auto proxies = net::Networks::Parse(server.trusted_proxies); !proxies) {
    findings.push_back({.key = prefix + "trusted_proxies", .text = ": " + proxies.error().detail});
  }
  if (server.proxy_protocol && server.trusted_proxies.empty()) {
    findings.push_back(
        {.key = prefix + "proxy_protocol",
         .others = {prefix + "trusted_proxies"},
         .text = fmt::format(" = true: needs {}trusted_proxies, which send the headers", prefix)});
  }
  if (server.tls_cert_file.empty() == server.tls_key_file.empty()) return;
  const std::string cert = prefix + "tls.cert_pem";
  const std::string key = prefix + "tls.key_pem";
  const bool no_key = server.tls_key_file.empty();
  findings.push_back({.key = no_key ? cert : key,
                      .others = {no_key ? key : cert},
                      .text = fmt::format(": needs {} as well", no_key ? key : cert)});
}

}  // namespace

config::Section<ServerSettings> ServerSection() { return {.rows = kHttpServer, .check = CheckServer}; }

config::Section<ServerSettings> ConnectionLimitSection() { return {.rows = kConnectionLimits}; }

void CheckPathPrefix(const std::string& key, std::string_view path, config::Findings& findings) {
  const bool good =
      path.size() >= 2 && path.front() == '/' && path.back() != '/' && std::ranges::all_of(path, [](char c) {
        return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '*' && c != '{' && c != '}';
      });
  if (good) return;
  findings.push_back(
      {.key = key,
       .text = fmt::format(" = {}: not a path; it begins with a \"/\" and does not end with one",
                           config::Quote(path))});
}

}  // namespace tidemill::http
