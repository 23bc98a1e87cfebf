// Writes control messages as JSON (docs/formats/control-messages.md).
#pragma once

#include <string>

#include "cluster/messages.h"

namespace tidemill::cluster {

std::string Encode(const Message& message);

}  // namespace tidemill::cluster
