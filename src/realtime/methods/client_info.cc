#include "realtime/methods/client_info.h"

#include "realtime/methods/payload.h"

namespace tidemill::methods {

constinit const api::Schema kClientInfoSchema{"ClientInfo", R"json({
  "type": "object",
  "properties": {
    "user": {"type": "string"},
    "client": {"type": "string"},
    "conn_info": {},
    "chan_info": {},
    "b64conn_info": {"type": "string", "description": "Instead of conn_info, when it is not JSON."},
    "b64chan_info": {"type": "string", "description": "Instead of chan_info, when it is not JSON."}
  }
})json"};

void WriteClientInfo(const protocol::ClientInfo& info, JsonWriter& json) {
  json.BeginObject();
  json.Member("user", info.user);
  json.Member("client", info.client);
  if (!info.conn_info.empty()) WritePayload("conn_info", "b64conn_info", info.conn_info, json);
  if (!info.chan_info.empty()) WritePayload("chan_info", "b64chan_info", info.chan_info, json);
  json.EndObject();
}

}  // namespace tidemill::methods
