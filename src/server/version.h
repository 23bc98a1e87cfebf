// The version of this build.
#pragma once

namespace tidemill::server {

inline constexpr char kVersion[] = TM_VERSION;

}  // namespace tidemill::server
