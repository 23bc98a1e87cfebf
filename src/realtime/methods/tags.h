// Tags of publications as the API takes and gives them: an object of texts.
#pragma once

#include "base/json.h"
#include "realtime/protocol/messages.h"

namespace tidemill::methods {

void ReadTags(JsonReader& json, protocol::Tags& tags);
void WriteTags(const protocol::Tags& tags, JsonWriter& json);

}  // namespace tidemill::methods
