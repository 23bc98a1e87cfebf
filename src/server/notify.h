// Tells the service manager how the server is, as sd_notify(3) has it: a datagram to the socket that
// NOTIFY_SOCKET in the environment names. Without one nothing is told. Any thread.
#pragma once

#include <string_view>

namespace tidemill::server {

// "READY=1", "STOPPING=1", or several lines. What the manager does not take is lost.
void NotifyServiceManager(std::string_view state);

}  // namespace tidemill::server
