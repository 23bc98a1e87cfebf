#include "chat/api/service.h"

#include <algorithm>
#include <utility>

#include "net/run_to_end.h"

namespace tidemill::chat {
namespace {

std::unexpected<Refusal> RefuseCredentials(const Error& error) {
  switch (error.code) {
    case Errc::kExpired:
      return Refuse(Code::kUnauthenticated, "the token or session has expired: get another");
    case Errc::kUnauthenticated:
      return Refuse(Code::kUnauthenticated, "the token, key or session is not good");
    default: break;
  }
  return std::unexpected(Refusal{.code = Code::kUnavailable,
                                 .message = "who you are cannot be checked now: try again",
                                 .field = "",
                                 .retry_after_ms = 1000});
}

}  // namespace

const Operation* Service::Find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(operations_, [name](const Operation& each) { return each.info.name == name; });
  return found == operations_.end() ? nullptr : &*found;
}

Task<Outcome<Actor>> Service::Identify(const http::Request& request) {
  const std::shared_ptr<auth::Authenticator> authenticator = authenticator_;
  auto caller = co_await authenticator->Authenticate(request);
  if (!caller) co_return RefuseCredentials(caller.error());
  if (caller->kind == auth::Caller::Kind::kApiKey) {
    const auto user = request.Header("X-Tidemill-User");
    if (!user) co_return Refuse(Code::kInvalid, "with an API key the header X-Tidemill-User says who acts");
    co_return Admit(co_await people_.FromService(std::string(*user)), true);
  }
  co_return Admit(co_await people_.FromClaims(std::move(caller->user), std::move(caller->claims)), false);
}

Task<Outcome<Actor>> Service::Identify(std::string user, std::string claims) {
  co_return Admit(co_await people_.FromClaims(std::move(user), std::move(claims)), false);
}

Outcome<Actor> Service::Admit(Outcome<User> user, bool by_service) {
  if (!user) return std::unexpected(std::move(user).error());
  if (const auto wait = rates_.Take(user->id, UserRates::Kind::kCall, loop_.Now())) {
    return std::unexpected(Refusal{.code = Code::kRateLimited,
                                   .message = "too many calls: wait a moment",
                                   .field = "",
                                   .retry_after_ms = wait->ms});
  }
  return Actor{.user = *std::move(user), .by_service = by_service};
}

Task<Outcome<Answer>> Service::Run(const Operation& operation, std::unique_ptr<Call> call, Actor actor) {
  Outcome<Answer> answer;
  if (operation.info.effect == Effect::kReads) {
    answer = co_await call->Run(std::move(actor));
  } else if (changes() >= kChangesMax) {
    answer = Refuse(Code::kUnavailable, "too much is under way: try again in a moment");
  } else {
    answer = co_await RunToEnd(scope_, Finish(std::move(call), std::move(actor)));
  }
  metrics_.Count(answer);
  co_return answer;
}

Task<Outcome<Answer>> Service::Finish(std::unique_ptr<Call> call, Actor actor) {
  co_return co_await call->Run(std::move(actor));
}

}  // namespace tidemill::chat
