#include "jobs/nodes/settings.h"

#include <fmt/format.h>

#include <string>

#include "config/section.h"
#include "config/value.h"
#include "http/url.h"
#include "net/address.h"

namespace tidemill::nodes {
namespace {

constexpr config::Row<NodesSettings> kNodes[] = {
    {"listen",
     config::Of<&NodesSettings::listen>,
     {.doc = "Where the other nodes on the same database reach this one: they forward what concerns jobs to "
             "the node that owns them. A private address, without TLS. An empty list: nowhere; a node that "
             "does not own the jobs then refuses them.",
      .reload = config::Reload::kNo}},
    {"address",
     config::Of<&NodesSettings::address>,
     {.doc = "host:port, as the other nodes have to write jobs.nodes.listen; needed when that is every "
             "address of the machine. Empty: the first of jobs.nodes.listen.",
      .reload = config::Reload::kNo}},
    {"key",
     config::Of<&NodesSettings::key>,
     {.doc = "What a node shows to another: the same on all of them, at least 16 bytes.",
      .reload = config::Reload::kNo}},
};

bool IsEveryAddress(const std::string& listen) {
  return listen.starts_with("0.0.0.0:") || listen.starts_with("[::]:") || listen.starts_with(":");
}

// As it stands in a URL: a name or an address, an IPv6 one in brackets, and a port; nothing else.
bool IsHostAndPort(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos || address.find_first_of("/?#@ ") != address.npos) return false;
  const auto url = http::Url::Parse("http://" + address + "/");
  return url && !url->host.empty() && url->port != 0 &&
         address.substr(colon + 1) == std::to_string(url->port);
}

void CheckListen(const NodesSettings& nodes, const std::string& prefix, config::Findings& findings) {
  for (const std::string& listen : nodes.listen) {
    const auto address = net::ListenAddress::Parse(listen);
    std::string why;
    if (!address) why = address.error().detail;
    if (address && !address->unix_path.empty()) why = "must be host:port: other nodes reach no Unix socket";
    if (why.empty()) continue;
    findings.push_back(
        {.key = prefix + "listen", .text = fmt::format(" = {}: {}", config::Quote(listen), why)});
  }
}

void Check(const NodesSettings& nodes, const std::string& prefix, config::Findings& findings) {
  if (!nodes.address.empty() && !IsHostAndPort(nodes.address)) {
    findings.push_back({.key = prefix + "address",
                        .text = fmt::format(" = {}: must be host:port, as in \"10.0.0.7:7420\", and no more",
                                            config::Quote(nodes.address))});
  }
  if (nodes.listen.empty()) return;
  CheckListen(nodes, prefix, findings);
  if (nodes.key.value.size() < kKeyBytesMin) {
    findings.push_back(
        {.key = prefix + "key",
         .others = {prefix + "listen"},
         .text = fmt::format(": {}listen needs a key of at least {} bytes", prefix, kKeyBytesMin)});
  }
  if (nodes.address.empty() && IsEveryAddress(nodes.listen.front())) {
    findings.push_back(
        {.key = prefix + "address",
         .others = {prefix + "listen"},
         .text = fmt::format(": needed, as {}listen is every address of the machine", prefix)});
  }
}

}  // namespace

config::Section<NodesSettings> NodesSection() { return {.rows = kNodes, .check = Check}; }

}  // namespace tidemill::nodes
