#include "server/job_followers.h"

#include <optional>
#include <string_view>

#include "jobs/live/change.h"
#include "jobs/webhooks/settings.h"
#include "net/tls.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

live::Live::Surroundings LiveOf(const JobFollowers::Surroundings& at, const settings::Settings& settings) {
  const bool alone = settings.broker.redis.address.empty();
  return {.loop = at.loop,
          .publisher = at.publisher,
          .registry = at.registry,
          .other_nodes = alone ? live::OtherNodes::kNone : live::OtherNodes::kMaySubscribe,
          .queue = [&engine = at.engine](std::string_view name) -> std::string {
            const std::optional<jobs::QueueView> queue = engine.FindQueue(name);
            return queue ? live::ToJson(*queue) : "";
          },
          .batch = [&engine = at.engine](std::string_view bid) -> std::string {
            const Result<jobs::Batch> batch = engine.FindBatch(bid);
            return batch ? live::ToJson(*batch) : "";
          }};
}

}  // namespace

Result<std::unique_ptr<JobFollowers>> JobFollowers::Make(const Surroundings& surroundings,
                                                         const settings::Settings& settings) {
  TM_TRY_ASSIGN(std::shared_ptr<net::TlsContext> tls, net::OpenClientTls(""));
  return std::unique_ptr<JobFollowers>(new JobFollowers(surroundings, settings, std::move(tls)));
}

JobFollowers::JobFollowers(const Surroundings& surroundings, const settings::Settings& settings,
                           std::shared_ptr<net::TlsContext> tls)
    : live_(LiveOf(surroundings, settings), {}),
      relay_(surroundings.loop, live_),
      webhooks_({.loop = surroundings.loop,
                 .engine = surroundings.engine,
                 .tls = std::move(tls),
                 .registry = surroundings.registry,
                 .node_id = surroundings.node_id}) {
  webhooks_.Replace(webhooks::EndpointsOf(settings.jobs.queues));
  surroundings.engine.AddListener(live_);
  surroundings.engine.AddListener(webhooks_);
}

}  // namespace tidemill::server
