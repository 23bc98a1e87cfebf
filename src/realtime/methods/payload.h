// Payloads as the API takes and gives them: JSON, or base64 of bytes that are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "realtime/broker/data_form.h"

namespace tidemill::methods {

struct Payload {
  enum class Encoding : std::uint8_t { kAbsent, kJson, kBase64, kMalformed };
  std::string bytes;  // decoded
  Encoding encoding = Encoding::kAbsent;
};

// Reads a value of any kind, null included, unless the payload was given in base64.
void ReadJsonPayload(JsonReader& json, Payload& payload);
// Reads a string of base64, which goes before JSON unless it is empty. null is the same as absent.
void ReadBase64Payload(JsonReader& json, Payload& payload);

// What it is to the broker. One that is absent or malformed is none.
void TakeData(Payload&& payload, std::string& data, broker::DataForm& form);

// Writes the bytes as JSON under `name`, or in base64 under `base64_name` when they are not JSON: payloads
// may be any bytes where clients speak Protobuf, and must not break the JSON of the result.
void WritePayload(JsonName name, JsonName base64_name, std::string_view bytes, JsonWriter& json);

}  // namespace tidemill::methods
