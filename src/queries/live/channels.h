// LiveChannelOptions: the options of the namespace that live queries have.
//
// A function; any thread.
#pragma once

#include "realtime/channels/settings.h"

namespace tidemill::queries::live {

// Ordered maps whose changes are kept for a minute, for those who come back; clients only read.
channels::ChannelOptions LiveChannelOptions();

}  // namespace tidemill::queries::live
