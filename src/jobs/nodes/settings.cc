#include "jobs/nodes/settings.h"

#include <fmt/format.h>

#include "config/section.h"
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

void Check(const NodesSettings& nodes, const std::string& prefix, config::Findings& findings) {
  if (!nodes.address.empty() && !http::Url::Parse("http://" + nodes.address + "/")) {
    findings.push_back(
        {.key = prefix + "address", .text = fmt::format(" = \"{}\": must be host:port", nodes.address)});
  }
  if (nodes.listen.empty()) return;
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
