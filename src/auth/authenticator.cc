#include "auth/authenticator.h"

#include <utility>

namespace tidemill::auth {
namespace {

class OpenAuthenticator final : public Authenticator {
 public:
  bool HasCredentials(const http::Request&) const override { return true; }
  Task<Result<Caller>> Authenticate(const http::Request&) override { co_return Caller{}; }
  std::string Challenge() const override { return ""; }
};

class AnyAuthenticator final : public Authenticator {
 public:
  explicit AnyAuthenticator(std::vector<std::shared_ptr<Authenticator>> authenticators)
      : authenticators_(std::move(authenticators)) {}

  bool HasCredentials(const http::Request& request) const override { return Find(request) != nullptr; }

  Task<Result<Caller>> Authenticate(const http::Request& request) override {
    Authenticator* const found = Find(request);
    if (found == nullptr) co_return Fail(Errc::kUnauthenticated, "no credentials");
    co_return co_await found->Authenticate(request);
  }

  std::string Challenge() const override {
    std::string challenges;
    for (const auto& each : authenticators_) {
      if (!challenges.empty()) challenges += ", ";
      challenges += each->Challenge();
    }
    return challenges;
  }

 private:
  Authenticator* Find(const http::Request& request) const {
    for (const auto& each : authenticators_) {
      if (each->HasCredentials(request)) return each.get();
    }
    return nullptr;
  }

  const std::vector<std::shared_ptr<Authenticator>> authenticators_;
};

}  // namespace

std::shared_ptr<Authenticator> MakeOpenAuthenticator() { return std::make_shared<OpenAuthenticator>(); }

std::shared_ptr<Authenticator> MakeAnyAuthenticator(
    std::vector<std::shared_ptr<Authenticator>> authenticators) {
  return std::make_shared<AnyAuthenticator>(std::move(authenticators));
}

http::Response RefusalOf(const Error& error, const Authenticator& authenticator) {
  if (error.code == Errc::kPermissionDenied) return {.status = 403, .headers = {}, .body = ""};
  const bool checked = error.code == Errc::kUnauthenticated || error.code == Errc::kExpired;
  http::Response response{.status = checked ? 401 : 503, .headers = {}, .body = ""};
  if (checked) response.headers.emplace_back("WWW-Authenticate", authenticator.Challenge());
  return response;
}

}  // namespace tidemill::auth
