// ChatRpc: the operations of chat as rpc of the realtime connection: "chat:messages.send" with its parameters
// as one object. One per loop, loop thread only.
#pragma once

#include <string>

#include "chat/api/service.h"
#include "realtime/session/rpc.h"

namespace tidemill::chat {

class ChatRpc final : public session::RpcHandler {
 public:
  // `service` outlives it.
  explicit ChatRpc(Service& service) : service_(service) {}

  Task<session::Verdict<std::string>> Call(const session::Client& caller, std::string method,
                                           std::string data) override;

 private:
  Task<Outcome<Answer>> Answered(std::string user, std::string claims, std::string method, std::string data);

  Service& service_;
};

}  // namespace tidemill::chat
