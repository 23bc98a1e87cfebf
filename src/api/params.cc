#include "api/params.h"

namespace tidemill::api {

void ReadParam(JsonReader& json, std::string& value) {
  if (!json.SkipNull()) value = json.ReadString();
}

void ReadParam(JsonReader& json, bool& value) {
  if (!json.SkipNull()) value = json.ReadBool();
}

void ReadParam(JsonReader& json, std::vector<std::string>& values) {
  if (json.SkipNull()) return;
  json.EnterArray();
  while (json.NextElement()) values.push_back(json.ReadString());
}

}  // namespace tidemill::api
