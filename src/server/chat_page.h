// The chat (web/chat/dist), embedded when compiling: a page that shows and does what the REST calls of chat
// and accounts can, as whoever is signed in. It has no rights of its own, and loads nothing from elsewhere.
#pragma once

#include "http/router.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// GET /chat/, what the page loads, and /chat/config.json: where the realtime connection is. Belongs on the
// public router, which the page calls. Before the loops run.
void AddChatPageRoutes(http::Router& router, const settings::Settings& settings);

}  // namespace tidemill::server
