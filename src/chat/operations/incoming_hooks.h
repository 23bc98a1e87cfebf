// IncomingHooks: POST /chat/v1/hooks/TOKEN, as services post to Slack's incoming webhooks: a JSON body, or a
// form with the field "payload". Answered with Slack's words: "ok", "invalid_payload", "no_text",
// "no_service", …
//
// A message is from the bot "hook-ID", which has the hook's name; what the body says of name and icon is in
// the message's metadata. Each hook has the rate of sends that a user has. At most kAtOnce are under way on a
// loop. One per loop, loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "chat/operations/services.h"
#include "http/handler.h"
#include "http/router.h"

namespace tidemill::chat {

class IncomingHooks {
 public:
  static constexpr std::size_t kAtOnce = 64;
  static constexpr std::size_t kBodyBytesMax = 128 << 10;
  static constexpr std::size_t kKnownMax = 10'000;  // hooks whose bot has been made

  // `services` outlives it; it outlives the router's handlers.
  explicit IncomingHooks(Services& services) : services_(services) {}
  void AddRoutes(http::Router& router);

  // Posts that are under way.
  std::size_t under_way() const { return *under_way_; }

  Task<http::Response> Post(std::string token, std::string content_type, std::string body);

 private:
  Task<http::Response> PostTo(Hook hook, std::string content_type, std::string body);
  Task<Outcome<>> MakeBot(const Hook& hook);

  Services& services_;
  const std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
  std::unordered_set<std::int64_t> known_;
};

// Where a hook's messages are posted.
std::string PathOfHook(std::string_view token);

}  // namespace tidemill::chat
