// jobs_webhooks, jobs_webhook_enable: the queues whose jobs are sent to a URL.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> WebhookMethods(ApiServices& services);

}  // namespace tidemill::jobs
