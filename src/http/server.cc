#include "http/server.h"

#include <utility>

#include "http/connection.h"
#include "http/server_state.h"

namespace tidemill::http {
namespace {

class LoopServer final : public Server {
 public:
  LoopServer(net::Loop& loop, std::shared_ptr<const Router> router, Options options)
      : state_(loop, std::move(router), std::move(options)) {}
  ~LoopServer() override {
    while (Connection* const connection = state_.connections.front()) {
      state_.Forget(*connection);
      delete connection;
    }
  }

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission admission) override {
    // Owns itself from here; the list is for the end.
    auto* const connection = new Connection(state_, std::move(stream));
    if (admission == net::Admission::kAdmitted) {
      connection->Start();
    } else {
      connection->RefuseWith503(admission);
    }
  }

  void ReplacePolicy(RequestPolicy policy) override { state_.options.policy = std::move(policy); }

  void ReplaceRouter(std::shared_ptr<const Router> router) override {
    state_.ReplaceRouter(std::move(router));
  }

  std::size_t connections() const override { return state_.connection_count; }

  void Drain() override {
    state_.draining = true;
    for (Connection& connection : state_.connections) connection.Drain();
  }

 private:
  ServerState state_;
};

}  // namespace

std::unique_ptr<Server> Server::Make(net::Loop& loop, std::shared_ptr<const Router> router, Options options) {
  return std::make_unique<LoopServer>(loop, std::move(router), std::move(options));
}

}  // namespace tidemill::http
