#include "accounts/console_people.h"

#include <algorithm>
#include <utility>

#include "accounts/call.h"
#include "accounts/cookie.h"

namespace tidemill::accounts {
namespace {

class ConsolePeople final : public api::People {
 public:
  ConsolePeople(Services& services, ConsoleMode mode) : services_(services), mode_(mode) {}

  bool HasCredentials(const http::Request& request) const override { return HasSessionCookie(request); }

  Task<std::expected<api::Person, api::Stranger>> Identify(const http::Request& request) override {
    const auto live = co_await accounts::Identify(services_, request);
    if (!live) {
      const Refusal& refusal = live.error();
      co_return std::unexpected(api::Stranger{.status = refusal.status, .why = refusal.message});
    }
    const User& user = (*live)->user;
    const std::optional<api::Role> role = ConsoleRoleOf(user);
    if (!role) {
      co_return std::unexpected(api::Stranger{
          .status = 403, .why = "your account has no role in the console; an owner can give it one"});
    }
    co_return api::Person{
        .user = user.id,
        .address = request.peer.ToString(),
        .role = mode_ == ConsoleMode::kReadOnly ? std::min(*role, api::Role::kViewer) : *role};
  }

  Task<Result<std::int64_t>> BeginAction(api::Person person, std::string action,
                                         std::string target) override {
    return services_.store.BeginAction({.user = std::move(person.user), .address = std::move(person.address)},
                                       std::move(action), std::move(target));
  }

  Task<Result<>> EndAction(std::int64_t entry, std::string result) override {
    return services_.store.EndAction(entry, std::move(result));
  }

 private:
  Services& services_;
  const ConsoleMode mode_;
};

}  // namespace

std::unique_ptr<api::People> MakeConsolePeople(Services& services, ConsoleMode mode) {
  return std::make_unique<ConsolePeople>(services, mode);
}

}  // namespace tidemill::accounts
