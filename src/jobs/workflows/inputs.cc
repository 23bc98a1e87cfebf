#include "jobs/workflows/inputs.h"

#include "base/json_writer.h"

namespace tidemill::jobs {

std::string ObjectOf(std::span<const Input> inputs) {
  std::string text;
  if (inputs.empty()) return text;
  JsonWriter json(text);
  json.BeginObject();
  for (const Input& input : inputs) {
    json.DynamicKey(input.name);
    json.Raw(input.json);
  }
  json.EndObject();
  return text;
}

std::string MissingOf(std::span<const Input> inputs) {
  std::string text;
  JsonWriter json(text);
  for (const Input& input : inputs) {
    if (!input.is_missing) continue;
    if (text.empty()) json.BeginArray();
    json.String(input.name);
  }
  if (!text.empty()) json.EndArray();
  return text;
}

}  // namespace tidemill::jobs
