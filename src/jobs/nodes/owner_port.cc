#include "jobs/nodes/owner_port.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "auth/api_key_authenticator.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "jobs/job_api/methods.h"
#include "jobs/nodes/forwarder.h"

namespace tidemill::nodes {
namespace {

constexpr std::string_view kKeySetting = "jobs.nodes.key";
constexpr char kSwitching[] =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: faktory\r\n\r\n";

class FaktoryUpgrade final : public http::TakeoverHandler {
 public:
  FaktoryUpgrade(const OwnerPort::Surroundings& at, const config::Secret& key)
      : engine_(at.engine), faktory_(at.faktory), metrics_(at.api_metrics), authenticator_({key}) {}

  // What it has taken is the Faktory server's.
  bool idle() const override { return true; }

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest, http::HeadWriter&) override {
    if (const auto caller = authenticator_.Check(request); !caller) return Refuse(request, caller.error());
    if (!request.HeaderHasToken("Upgrade", kFaktoryUpgrade) || !rest.empty()) {
      return http::Response::Text(400, "no upgrade to faktory");
    }
    if (const auto problem = engine_.problem()) return http::Response::Text(503, *problem);
    stream->Queue(kSwitching);
    faktory_.OnRelayed(std::move(stream));
    return std::nullopt;
  }

 private:
  // Counted and logged as the API's refusals of the same port are.
  http::Response Refuse(const http::Request& request, const Error& why) {
    metrics_.wrong_key.Add();
    if (const auto suppressed = wrong_keys_.Count(engine_.loop().Now())) {
      log::Warn("api.refused", {{"reason", "key"},
                                {"why", why.detail},
                                {"path", request.path},
                                {"address", request.peer.ToString()},
                                {"setting", kKeySetting},
                                {"suppressed", *suppressed}});
    }
    http::Response response = auth::RefusalOf(why, authenticator_);
    response.body = fmt::format("{}: {}", kKeySetting, why.detail);
    return response;
  }

  jobs::Engine& engine_;
  faktory::Server& faktory_;
  api::ApiMetrics& metrics_;
  auth::ApiKeyAuthenticator authenticator_;
  log::LogLimit wrong_keys_;
};

api::HttpApiSettings ApiSettingsOf(const OwnerPort::Options& options) {
  return {.keys = {options.key},
          .handler_prefix = kApiPrefix,
          .answer_max_size = static_cast<std::uint32_t>(options.answer_bytes_max),
          .key_setting = kKeySetting};
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
