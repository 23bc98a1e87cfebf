#include "api/results.h"

#include "base/base64.h"

namespace tidemill::api {
namespace {

// Payloads may be any bytes where clients speak Protobuf, and must not break the JSON of the reply.
void WritePayload(JsonName name, JsonName base64_name, std::string_view bytes, JsonWriter& json) {
  if (IsJson(bytes)) {
    json.RawMember(name, bytes);
  } else {
    json.Member(base64_name, std::string_view(Base64Encode(bytes, Base64::kStandard)));
  }
}

}  // namespace

void AppendPosition(const protocol::StreamPosition& position, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  if (position.offset > 0) json.Member("offset", position.offset);
  if (!position.epoch.empty()) json.Member("epoch", position.epoch);
  json.EndObject();
}

void WriteClientInfo(const protocol::ClientInfo& info, JsonWriter& json) {
  json.BeginObject();
  json.Member("user", info.user);
  json.Member("client", info.client);
  if (!info.conn_info.empty()) WritePayload("conn_info", "b64conn_info", info.conn_info, json);
  if (!info.chan_info.empty()) WritePayload("chan_info", "b64chan_info", info.chan_info, json);
  json.EndObject();
}

void WritePublication(const protocol::Publication& publication, JsonWriter& json) {
  json.BeginObject();
  WritePayload("data", "b64data", publication.data, json);
  if (publication.info) {
    json.Key("info");
    WriteClientInfo(*publication.info, json);
  }
  if (publication.offset > 0) json.Member("offset", publication.offset);
  if (!publication.tags.empty()) {
    json.Key("tags");
    json.BeginObject();
    for (const auto& [name, value] : publication.tags) {
      json.DynamicKey(name);
      json.String(value);
    }
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace tidemill::api
