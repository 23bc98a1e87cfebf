#include "jobs/nodes/owner_port.h"

#include <utility>

#include "auth/api_key_authenticator.h"
#include "jobs/job_api/methods.h"
#include "jobs/nodes/forwarder.h"

namespace tidemill::nodes {
namespace {

constexpr char kSwitching[] =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: faktory\r\n\r\n";

class FaktoryUpgrade final : public http::TakeoverHandler {
 public:
  FaktoryUpgrade(const OwnerPort::Surroundings& at, const config::Secret& key)
      : engine_(at.engine), faktory_(at.faktory), authenticator_({key}) {}

  // What it has taken is the Faktory server's.
  bool idle() const override { return true; }

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest, http::HeadWriter&) override {
    if (const auto caller = authenticator_.Check(request); !caller) {
      http::Response response = auth::RefusalOf(caller.error(), authenticator_);
      response.body = "jobs.nodes.key: " + caller.error().detail;
      return response;
    }
    if (!request.HeaderHasToken("Upgrade", kFaktoryUpgrade) || !rest.empty()) {
      return http::Response::Text(400, "no upgrade to faktory");
    }
    if (const auto problem = engine_.problem()) return http::Response::Text(503, *problem);
    stream->Queue(kSwitching);
    faktory_.OnRelayed(std::move(stream));
    return std::nullopt;
  }

 private:
  jobs::Engine& engine_;
  faktory::Server& faktory_;
  auth::ApiKeyAuthenticator authenticator_;
};

api::HttpApiSettings ApiSettingsOf(const OwnerPort::Options& options) {
  return {.keys = {options.key},
          .handler_prefix = kApiPrefix,
          .answer_max_size = static_cast<std::uint32_t>(options.answer_bytes_max),
          .key_setting = "jobs.nodes.key"};
}

}  // namespace

OwnerPort::OwnerPort(const Surroundings& surroundings, Options options)
    : api_(api::Api::Make(jobs::JobMethods(surroundings.services), ApiSettingsOf(options),
                          surroundings.api_metrics)),
      router_(std::make_shared<http::Router>()) {
  api_->AddRoutes(*router_);
  router_->AddTakeover(http::Method::kGet, kFaktoryPath,
                       std::make_shared<FaktoryUpgrade>(surroundings, options.key));
  server_ = http::Server::Make(surroundings.engine.loop(), router_, std::move(options.http));
}

}  // namespace tidemill::nodes
