// Webhooks: the endpoints of a node's queues, and the worker that the engine sees in them.
//
// Loop thread only: the engine's. Its endpoints work on the node that owns the jobs; on the others they wait.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/engine/changes.h"
#include "jobs/engine/engine.h"
#include "jobs/webhooks/endpoint.h"
#include "jobs/webhooks/metrics.h"
#include "jobs/webhooks/options.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/timer_wheel.h"
#include "net/tls.h"

namespace tidemill::webhooks {

class Webhooks final : public jobs::JobListener, private net::Timer {
 public:
  struct Surroundings {
    net::Loop& loop;
    jobs::Engine& engine;
    std::shared_ptr<net::TlsContext> tls;  // for https
    metrics::Registry& registry;
    std::string node_id;
  };
  // All that is borrowed outlives it. The engine's listener before it starts.
  explicit Webhooks(const Surroundings& surroundings);
  ~Webhooks() override;

  // These and no others, at most one for each queue. An endpoint whose options stay as they are goes on; of
  // one that is changed or left out, the jobs that are being sent go back.
  void Replace(std::vector<EndpointOptions> endpoints);
  void Start();
  // No more jobs; those that are being sent go on.
  void Drain();
  // Gives all jobs back that are being sent.
  void Stop();

  std::vector<EndpointView> Views() const;
  // After a 410, or before its time. kNotFound: that queue has no endpoint.
  Result<> Enable(std::string_view queue);

  void OnChange(const jobs::JobChange& change) override;

 private:
  void OnTimer() override;
  bool KnowWorker();
  void StartEndpoints();

  net::Loop& loop_;
  jobs::Engine& engine_;
  std::shared_ptr<net::TlsContext> tls_;
  Metrics metrics_;
  const std::string wid_;
  bool runs_ = false;
  bool draining_ = false;
  bool is_known_ = false;  // to the engine, as a worker
  std::map<std::string, std::unique_ptr<Endpoint>, std::less<>> endpoints_;
};

}  // namespace tidemill::webhooks
