// Files embedded in the binary, served compressed and cached by their digest.
#pragma once

#include <memory>
#include <string>

#include "http/server.h"

namespace tidemill::http {

struct Asset {
  std::string content_type;
  std::string body;
  std::string content_security_policy;  // "": no such header
};

// Serves the asset: gzip where the client takes it and it is smaller, ETag, 304 when it is still the same.
std::shared_ptr<Handler> MakeAssetHandler(Asset asset);

}  // namespace tidemill::http
