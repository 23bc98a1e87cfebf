// Parts of results that several methods write. Zero and empty fields are left out.
#pragma once

#include <string>

#include "base/json.h"
#include "realtime/protocol/messages.h"

namespace tidemill::api {

// {"offset":7,"epoch":"vqrmcYKK"}; {} without a stream.
void AppendPosition(const protocol::StreamPosition& position, std::string& out);

// {"user":…,"client":…,"conn_info":…,"chan_info":…}
void WriteClientInfo(const protocol::ClientInfo& info, JsonWriter& json);

// {"data":…,"info":…,"offset":…,"tags":…}. What is not JSON is given in base64 under "b64data" instead.
void WritePublication(const protocol::Publication& publication, JsonWriter& json);

}  // namespace tidemill::api
