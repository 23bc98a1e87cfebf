#include "chat/api/rpc.h"

#include <utility>

#include "chat/api/refusals.h"
#include "realtime/session/client.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kMethodPrefix = "chat:";

}  // namespace

Task<session::Verdict<std::string>> ChatRpc::Call(const session::Client& caller, std::string method,
                                                  std::string data) {
  Outcome<Answer> answer =
      co_await Answered(caller.user, std::string(caller.claims()), std::move(method), std::move(data));
  if (!answer) co_return session::Refused(ToRpcError(answer.error()));
  co_return answer->json.empty() ? std::string("{}") : std::move(answer->json);
}

// The caller may be gone in the meantime.
Task<Outcome<Answer>> ChatRpc::Answered(std::string user, std::string claims, std::string method,
                                        std::string data) {
  const Operation* const operation = service_.Find(std::string_view(method).substr(kMethodPrefix.size()));
  if (operation == nullptr) co_return Refuse(Code::kNotFound, "there is no such method");
  TM_CO_TRY_ASSIGN(Actor actor, co_await service_.Identify(std::move(user), std::move(claims)));
  if (data.empty() || data == "null") data = "{}";
  TM_CO_TRY_ASSIGN(std::unique_ptr<chat::Call> call, operation->read(data));
  co_return co_await service_.Run(*operation, std::move(call), std::move(actor));
}

}  // namespace tidemill::chat
