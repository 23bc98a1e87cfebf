#include "api/params.h"

#include "base/nearest.h"
#include "base/utf8.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kFieldBytesMax = 64;  // of one that is told back

}  // namespace

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

Failure UnknownField(std::string_view field, std::span<const std::string_view> known) {
  std::string detail = "unknown field \"";
  detail.append(CutUtf8(field, kFieldBytesMax)).append("\"");
  const std::vector<std::string> names(known.begin(), known.end());
  if (const auto meant = Nearest(field, names)) {
    detail.append(": did you mean \"").append(*meant).append("\"?");
  } else {
    detail += "; known are";
    for (const std::string& name : names) detail.append(&name == names.data() ? " " : ", ").append(name);
  }
  return {protocol::kErrorBadRequest, std::move(detail)};
}

}  // namespace tidemill::api
