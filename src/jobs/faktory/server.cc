#include "jobs/faktory/server.h"

#include <fmt/format.h>

#include <utility>

#include "jobs/faktory/connection.h"
#include "jobs/faktory/info.h"
#include "jobs/faktory/server_state.h"
#include "metrics/process.h"

namespace tidemill::faktory {
namespace {

class LoopServer final : public Server {
 public:
  LoopServer(jobs::Engine& engine, ServerOptions options, ServerMetrics& metrics,
             std::unique_ptr<net::Worker> hasher)
      : state_(engine, std::move(options), metrics, std::move(hasher)) {}
  ~LoopServer() override {
    while (Connection* const connection = state_.connections.front()) {
      connection->Leave();
      delete connection;
    }
  }

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission admission) override {
    // Owns itself from here; the list is for the end.
    auto* const connection = new Connection(state_, std::move(stream));
    if (admission == net::Admission::kAdmitted) {
      connection->Start();
      return connection->ReadNow();
    }
    state_.metrics.connections_refused.Add();
    connection->Refuse(fmt::format("too many connections: {}", state_.connection_count));
  }

  void OnRelayed(std::unique_ptr<net::Stream> stream) override {
    (new Connection(state_, std::move(stream)))->Start();
  }
  void Refuse(std::unique_ptr<net::Stream> stream, std::string_view why) override {
    (new Connection(state_, std::move(stream)))->Refuse(why);
  }

  std::size_t connections() const override { return state_.connection_count; }
  void Drain() override { state_.services.draining = true; }
  void CloseAll() override {
    for (Connection& connection : state_.connections) connection.CloseSoon();
  }

 private:
  ServerState state_;
};

}  // namespace

ServerState::ServerState(jobs::Engine& engine, ServerOptions o, ServerMetrics& m,
                         std::unique_ptr<net::Worker> worker)
    : options(std::move(o)),
      metrics(m),
      started(engine.loop().clock().Now()),
      hasher(std::move(worker)),
      watch(engine.loop()),
      services{.engine = engine,
               .scope = scope,
               .watch = watch,
               .info = [this] { return Info(); },
               .job_bytes_max = options.job_bytes_max} {}

ServerState::~ServerState() = default;

void ServerState::Remember(Connection& connection) {
  connections.PushFront(connection);
  ++connection_count;
  metrics.connections.Add(1);
}

void ServerState::Forget(Connection& connection) {
  IntrusiveList<Connection>::Remove(connection);
  --connection_count;
  metrics.connections.Sub(1);
}

std::string ServerState::Info() {
  const Clock& clock = services.engine.loop().clock();
  if (clock.Now() - memory_read >= Seconds(1)) {
    memory_read = clock.Now();
    memory_bytes = metrics::ResidentBytes();
  }
  return InfoJson({.now = clock.WallNow(),
                   .uptime = clock.Now() - started,
                   .description = options.description,
                   .version = options.version,
                   .connections = connection_count,
                   .commands = services.commands,
                   .memory_bytes = memory_bytes},
                  services.engine.counts(), services.engine.Queues());
}

Result<std::unique_ptr<Server>> Server::Make(jobs::Engine& engine, ServerOptions options,
                                             ServerMetrics& metrics) {
  std::unique_ptr<net::Worker> hasher;
  if (!options.password.empty()) {
    TM_TRY_ASSIGN(hasher, net::Worker::Start({.name = "passwords", .accepted_max = 1000}));
  }
  return std::make_unique<LoopServer>(engine, std::move(options), metrics, std::move(hasher));
}

}  // namespace tidemill::faktory
