#include "realtime/methods/channel_params.h"

#include "api/params.h"

namespace tidemill::methods {

void Read(JsonReader& json, ChannelParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, params.channel);
  }
}

}  // namespace tidemill::methods
