// The endpoints that the settings of queues give: [[jobs.queues]] push.url and what belongs to it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/finding.h"
#include "jobs/engine/settings.h"
#include "jobs/webhooks/options.h"

namespace tidemill::webhooks {

using Queues = std::map<std::string, jobs::JobQueueSettings>;

// Of the queues that have a URL. What Check finds fault with is left out.
std::vector<EndpointOptions> EndpointsOf(const Queues& queues);

// A URL or a secret that cannot be used; settings without a URL that they belong to.
void Check(const Queues& queues, config::Findings& findings);

}  // namespace tidemill::webhooks
