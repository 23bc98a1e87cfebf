// The parameters of a method that takes a channel and nothing else: {"channel":"news"}.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace tidemill::methods {

struct ChannelParams {
  std::string channel;
};

inline constexpr std::string_view kChannelParamsSchema =
    R"({"type":"object","properties":{"channel":{"type":"string"}},"required":["channel"]})";

void Read(JsonReader& json, ChannelParams& params);

}  // namespace tidemill::methods
