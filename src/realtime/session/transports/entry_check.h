// EntryCheck: what every transport looks at before it lets a client in: is the server draining, may the page
// that asks (client.allowed_origins)?
//
// One per endpoint, loop thread only.
#pragma once

#include <optional>

#include "base/log_limit.h"
#include "http/message.h"
#include "realtime/session/context.h"

namespace tidemill::session {

class EntryCheck {
 public:
  explicit EntryCheck(Context& context) : context_(context) {}

  // The answer to a client that may not open a connection; nullopt: it may.
  std::optional<http::Response> RefusalOf(const http::Request& request);
  // 503 while the server is draining.
  std::optional<http::Response> WhileDraining() const;
  // 403 to a page of an origin that is not allowed.
  std::optional<http::Response> OfOrigin(const http::Request& request);
  // The same answer to an origin that is known to be none: it is counted and logged.
  http::Response ForeignOrigin(const http::Request& request);

 private:
  Context& context_;
  log::LogLimit refusals_;  // of origins
};

}  // namespace tidemill::session
