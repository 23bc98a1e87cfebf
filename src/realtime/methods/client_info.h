// A client as results name it: {"user":…,"client":…,"conn_info":…,"chan_info":…}. Empty infos are left out.
#pragma once

#include "api/method.h"
#include "base/json.h"
#include "realtime/protocol/messages.h"

namespace tidemill::methods {

extern const api::Schema kClientInfoSchema;

void WriteClientInfo(const protocol::ClientInfo& info, JsonWriter& json);

}  // namespace tidemill::methods
