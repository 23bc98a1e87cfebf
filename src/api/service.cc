#include "api/service.h"

#include <chrono>
#include <utility>

#include "auth/api_key_authenticator.h"

namespace tidemill::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

template <class R, std::size_t I = 1>
consteval std::size_t MethodIndex() {
  if constexpr (std::is_same_v<R, std::variant_alternative_t<I, Request>>) {
    return I - 1;
  } else {
    return MethodIndex<R, I + 1>();
  }
}

Task<Outcome> RunUnknown() { co_return std::unexpected(kErrorNotFound); }

}  // namespace

template <class R>
Task<Outcome> Service::Run(R request, std::string& out) {
  const auto begun = SteadyClock::now();
  const Outcome outcome = co_await commands.Run(std::move(request), out);
  const std::chrono::duration<double> taken = SteadyClock::now() - begun;
  metrics.Observe(MethodIndex<R>(), taken.count(),
                  outcome ? ApiMetrics::Ending::kResult : ApiMetrics::Ending::kError);
  co_return outcome;
}

Task<Outcome> Service::RunAny(Request request, std::string& out) {
  return std::visit(
      [this, &out]<class R>(R& known) -> Task<Outcome> {
        if constexpr (std::is_same_v<R, std::monostate>) {
          return RunUnknown();
        } else {
          return Run(std::move(known), out);
        }
      },
      request);
}

template Task<Outcome> Service::Run(PublishRequest, std::string&);
template Task<Outcome> Service::Run(BroadcastRequest, std::string&);
template Task<Outcome> Service::Run(SubscribeRequest, std::string&);
template Task<Outcome> Service::Run(UnsubscribeRequest, std::string&);
template Task<Outcome> Service::Run(DisconnectRequest, std::string&);
template Task<Outcome> Service::Run(RefreshRequest, std::string&);
template Task<Outcome> Service::Run(PresenceRequest, std::string&);
template Task<Outcome> Service::Run(PresenceStatsRequest, std::string&);
template Task<Outcome> Service::Run(HistoryRequest, std::string&);
template Task<Outcome> Service::Run(HistoryRemoveRequest, std::string&);
template Task<Outcome> Service::Run(ChannelsRequest, std::string&);
template Task<Outcome> Service::Run(InfoRequest, std::string&);
template Task<Outcome> Service::Run(RpcRequest, std::string&);

Task<std::optional<http::Response>> Service::Refuse(const http::Request& request) const {
  const auto held = authenticator;  // a reload replaces it
  const Result<auth::Caller> caller = co_await held->Authenticate(request);
  if (caller) co_return std::nullopt;
  co_return auth::RefusalOf(caller.error(), *held);
}

bool Service::TellsByStatus(const http::Request& request) const {
  if (commands.settings().http_api.error_mode == "transport") return true;
  return request.Header("x-tidemill-error-mode") == "transport" ||
         request.Header("x-centrifugo-error-mode") == "transport";
}

std::shared_ptr<auth::Authenticator> MakeAuthenticator(const config::HttpApiSettings& settings) {
  return settings.insecure ? auth::MakeOpenAuthenticator() : auth::MakeApiKeyAuthenticator(settings.keys);
}

http::Response BadRequest() { return http::Response::Text(400, "Bad Request"); }

}  // namespace tidemill::api
