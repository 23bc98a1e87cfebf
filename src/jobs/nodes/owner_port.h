// OwnerPort: what a node that owns the jobs serves to the other nodes: the HTTP API's methods about jobs, and
// Faktory's protocol on connections that ask for its upgrade. All of it behind jobs.nodes.key.
//
// It forwards nothing: a node that does not own the jobs refuses here. Of the engine's loop; made and
// destroyed while the loop does not run.
#pragma once

#include <memory>

#include "api/api.h"
#include "config/secret.h"
#include "http/server.h"
#include "jobs/faktory/server.h"
#include "jobs/job_api/services.h"

namespace tidemill::nodes {

// Where a connection becomes one of Faktory's protocol, by "Upgrade: faktory".
inline constexpr char kFaktoryPath[] = "/faktory";
inline constexpr char kFaktoryUpgrade[] = "faktory";

class OwnerPort {
 public:
  struct Surroundings {
    jobs::Engine& engine;
    jobs::ApiServices& services;
    faktory::Server& faktory;
    api::ApiMetrics& api_metrics;
  };
  struct Options {
    config::Secret key;
    std::size_t answer_bytes_max = 0;
    http::Server::Options http;
  };
  // The surroundings outlive it.
  OwnerPort(const Surroundings& surroundings, Options options);

  net::StreamAcceptor& acceptor() { return *server_; }
  void Drain() { server_->Drain(); }

 private:
  std::unique_ptr<api::Api> api_;
  std::shared_ptr<http::Router> router_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace tidemill::nodes
