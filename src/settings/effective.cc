#include "settings/effective.h"

#include <algorithm>

#include "base/json_writer.h"
#include "config/print.h"
#include "config/schema.h"
#include "settings/settings.h"

namespace tidemill::settings {

std::string EffectiveJson(Settings settings, const config::Origins& origins,
                          const std::vector<std::string>& waiting) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("keys");
  json.BeginArray();
  for (const config::EffectiveKey& key : config::Effective(AllSections(), &settings, origins)) {
    json.BeginObject();
    json.Member("key", key.name);
    json.RawMember("value", key.value);
    json.RawMember("default", key.default_value);
    json.Member("source", key.source);
    if (!key.where.empty()) json.Member("where", key.where);
    json.Member("changed", !key.is_default);
    json.Member("reloadable", key.reloadable);
    const bool waits = std::ranges::find(waiting, key.name) != waiting.end();
    if (waits) json.Member("restart_needed", true);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text;
}

}  // namespace tidemill::settings
