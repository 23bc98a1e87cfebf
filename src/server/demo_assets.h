// The built demo page (web/demo/dist), embedded when compiling.
#pragma once

#include <span>

#include "http/assets.h"

namespace tidemill::server {

std::span<const http::EmbeddedFile> DemoFiles();

}  // namespace tidemill::server
