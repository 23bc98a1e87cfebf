// The dashboards (web/dash/dist), embedded when compiling: a page that shows what GET of SQL endpoints gives,
// as whoever looks at it. It has no rights of its own, and loads nothing from elsewhere.
#pragma once

#include "http/router.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// GET /dash/, what the page loads, and /dash/config.json: where endpoints and the realtime connection are.
// Belongs on the public router, which the page calls. Before the loops run.
void AddDashPageRoutes(http::Router& router, const settings::Settings& settings);

}  // namespace tidemill::server
