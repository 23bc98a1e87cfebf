#include "jobs/job_api/methods.h"

#include <algorithm>
#include <iterator>

#include "jobs/job_api/act.h"
#include "jobs/job_api/batches.h"
#include "jobs/job_api/flows.h"
#include "jobs/job_api/look.h"
#include "jobs/job_api/push.h"
#include "jobs/job_api/queues.h"
#include "jobs/job_api/schedules.h"
#include "jobs/job_api/webhooks.h"
#include "jobs/job_api/work.h"
#include "jobs/job_api/workers.h"

namespace tidemill::jobs {

std::vector<api::Method> JobMethods(ApiServices& services) {
  std::vector<api::Method> methods;
  for (auto* const list : {&PushMethods, &LookMethods, &ActMethods, &QueueMethods, &WorkMethods,
                           &WorkerMethods, &BatchMethods, &FlowMethods, &ScheduleMethods, &WebhookMethods}) {
    std::ranges::move(list(services), std::back_inserter(methods));
  }
  for (api::Method& method : methods) method.rights = api::Rights::kJobs;
  return methods;
}

}  // namespace tidemill::jobs
