#include "realtime/methods/payload.h"

#include <utility>

#include "base/base64.h"

namespace tidemill::methods {

void ReadJsonPayload(JsonReader& json, Payload& payload) {
  const std::string_view raw = json.ReadRaw();
  if (payload.encoding != Payload::Encoding::kAbsent) return;
  payload = {.bytes = std::string(raw), .encoding = Payload::Encoding::kJson};
}

void ReadBase64Payload(JsonReader& json, Payload& payload) {
  if (json.SkipNull()) return;
  const std::string text = json.ReadString();
  if (text.empty()) return;
  auto bytes = Base64Decode(text, Base64::kStandard);
  if (bytes) {
    payload = {.bytes = *std::move(bytes), .encoding = Payload::Encoding::kBase64};
  } else {
    payload = {.bytes = "", .encoding = Payload::Encoding::kMalformed};
  }
}

void TakeData(Payload&& payload, std::string& data, broker::DataForm& form) {
  data = std::move(payload.bytes);
  if (payload.encoding == Payload::Encoding::kJson) form = broker::DataForm::kJson;
  if (payload.encoding == Payload::Encoding::kBase64) form = broker::DataForm::kBytes;
}

void WritePayload(JsonName name, JsonName base64_name, std::string_view bytes, JsonWriter& json) {
  if (IsJson(bytes)) {
    json.RawMember(name, bytes);
  } else {
    json.Member(base64_name, std::string_view(Base64Encode(bytes, Base64::kStandard)));
  }
}

}  // namespace tidemill::methods
