#include "realtime/methods/tags.h"

#include <string>
#include <utility>

namespace tidemill::methods {

void ReadTags(JsonReader& json, protocol::Tags& tags) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string name(*key);
    tags.emplace_back(std::move(name), json.ReadString());
  }
}

void WriteTags(const protocol::Tags& tags, JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, value] : tags) {
    json.DynamicKey(name);
    json.String(value);
  }
  json.EndObject();
}

}  // namespace tidemill::methods
