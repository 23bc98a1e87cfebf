#include "realtime/methods/position.h"

#include "api/params.h"

namespace tidemill::methods {

constinit const api::Schema kPositionSchema{"Position", R"json({
  "type": "object",
  "description": "Absent fields: the channel keeps no stream.",
  "properties": {
    "offset": {
      "type": "integer", "format": "int64", "minimum": 0, "description": "Counts from 1 within the epoch."
    },
    "epoch": {"type": "string"}
  }
})json"};

void ReadPosition(JsonReader& json, std::optional<protocol::StreamPosition>& position) {
  position.emplace();
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") api::ReadParam(json, position->offset);
    if (*key == "epoch") api::ReadParam(json, position->epoch);
  }
}

void AppendPosition(const protocol::StreamPosition& position, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  if (position.offset > 0) json.Member("offset", position.offset);
  if (!position.epoch.empty()) json.Member("epoch", position.epoch);
  json.EndObject();
}

}  // namespace tidemill::methods
