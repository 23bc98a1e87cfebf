#include "api/audit_target.h"

#include <algorithm>

#include "base/json.h"
#include "base/utf8.h"

namespace tidemill::api {
namespace {

constexpr std::string_view kNaming[] = {
    "channel", "channels", "user",     "users", "client",   "session", "jid",     "jids",     "queue",
    "queues",  "jobtype",  "state",    "name",  "bid",      "key",     "uid",     "id",       "ids",
    "worker",  "method",   "username", "role",  "disabled", "all",     "console", "contains", "signal"};

}  // namespace

std::string AuditTarget(std::string_view params) {
  std::string target;
  JsonReader json(params);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (std::ranges::find(kNaming, *key) == std::end(kNaming)) {
      json.Skip();
      continue;
    }
    if (!target.empty()) target += ' ';
    target += *key;
    target += '=';
    std::string value;
    JsonWriter(value).RawOnOneLine(json.ReadRaw());
    target += CutUtf8(value, kAuditTargetBytesMax);
  }
  return std::string(CutUtf8(target, kAuditTargetBytesMax));
}

}  // namespace tidemill::api
