#include "accounts/sign_in.h"

#include <algorithm>
#include <utility>

#include "accounts/names.h"
#include "accounts/secret_token.h"
#include "base/log.h"

namespace tidemill::accounts {
namespace {

// What a link is refused with before a password is hashed for it; the transaction says the same.
constexpr char kLinkUsed[] = "this link has been used, or its time is over; ask for a new one";

template <class T>
Outcome<T> OutcomeOf(Result<T> result) {
  if (!result) return std::unexpected(RefusalOf(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

// Normalises in place.
Outcome<> Check(Registration& registration) {
  registration.username = NormalisedUsername(registration.username);
  registration.name = NormalisedName(registration.name);
  if (registration.name.empty()) registration.name = registration.username;
  if (auto why = WhyNotUsername(registration.username)) return RefuseField("username", *std::move(why));
  if (auto why = WhyNotName(registration.name)) return RefuseField("name", *std::move(why));
  if (auto why = WhyNotPassword(registration.password, registration.username)) {
    return RefuseField("password", *std::move(why));
  }
  return {};
}

struct NewSecret {
  NewSession session;
  std::string token;
};

NewSecret MakeSession(const Services& services, const Browser& browser) {
  NewSecret made{.session = {}, .token = MakeSecretToken()};
  made.session = {.id = MakeId(),
                  .token_hash = HashOfToken(made.token),
                  .address = browser.address,
                  .agent = browser.agent,
                  .ttl = services.settings.session_ttl,
                  .replaces_hash = browser.session_hash};
  return made;
}

Task<Outcome<NewUser>> MakeUser(Services& services, Registration registration) {
  auto hash = co_await services.hasher.Hash(services.loop, std::move(registration.password));
  if (!hash) co_return std::unexpected(RefusalOf(hash.error()));
  co_return NewUser{.id = MakeId(),
                    .username = std::move(registration.username),
                    .name = std::move(registration.name),
                    .email = "",
                    .password = *std::move(hash)};
}

Task<Outcome<SignedIn>> Finish(Services& services, Result<Opened> opened, std::string token) {
  if (!opened) co_return std::unexpected(RefusalOf(opened.error()));
  co_await Announce(services, opened->live.user.id, std::move(opened->ended));
  co_return SignedIn{.live = std::move(opened->live), .token = std::move(token)};
}

// The buckets that a password is tried from. Nothing is taken where one of them is empty.
class Attempt {
 public:
  Attempt(Services& services, const Browser& browser, std::string username)
      : services_(services), address_(browser.throttle_key), username_(std::move(username)) {}

  Outcome<> Begin() {
    const MonotonicTime now = services_.loop.clock().Now();
    auto wait = services_.throttles.by_address.Take(address_, now);
    if (!wait) {
      wait = services_.throttles.by_account.Take(username_, now);
      if (wait) services_.throttles.by_address.GiveBack(address_, now);
    }
    if (!wait) return {};
    services_.metrics.logins_throttled.Add();
    return std::unexpected(Refusal{.status = 429,
                                   .code = "rate_limited",
                                   .message = "too many passwords have been tried; wait, then try again",
                                   .retry_after = *wait});
  }

  // It was no guess.
  void TakeBack() {
    const MonotonicTime now = services_.loop.clock().Now();
    services_.throttles.by_address.GiveBack(address_, now);
    services_.throttles.by_account.GiveBack(username_, now);
  }

 private:
  Services& services_;
  const std::string address_;
  const std::string username_;
};

void NoteWrong(Services& services, const Browser& browser) {
  services.metrics.logins_wrong.Add();
  if (const auto more = services.wrong_logins.Count(services.loop.Now())) {
    log::Warn("accounts.login_refused", {{"address", browser.address}, {"more", *more}});
  }
}

std::unexpected<Refusal> WrongCredentials() {
  return Refuse(401, "wrong_credentials", "the user name or the password is wrong");
}

// Once the person is in: nobody waits for it.
Task<void> RaiseCost(Services& services, std::string user, std::string old_hash, std::string password) {
  auto hash = co_await services.hasher.Hash(services.loop, std::move(password));
  if (hash) (void)co_await services.store.Rehash(std::move(user), std::move(old_hash), *std::move(hash));
}

}  // namespace

Task<void> Announce(Services& services, std::string user, std::vector<std::string> ended) {
  services.endings.OnUserChanged(user);
  if (!ended.empty()) co_await services.endings.OnTokensEnded(std::move(ended));
}

Task<Outcome<SignedIn>> SetUp(Services& services, Browser browser, Registration registration) {
  TM_CO_TRY(Check(registration));
  const std::string link = HashOfToken(registration.token);
  TM_CO_TRY_ASSIGN(const bool is_good, OutcomeOf(co_await services.store.HasLink(LinkKind::kOwner, link)));
  if (!is_good) co_return Refuse(404, "not_found", kLinkUsed, "token");
  TM_CO_TRY_ASSIGN(NewUser user, co_await MakeUser(services, std::move(registration)));
  NewSecret made = MakeSession(services, browser);
  co_return co_await Finish(services,
                            co_await services.store.SetUp(link, std::move(user), std::move(made.session)),
                            std::move(made.token));
}

Task<Outcome<SignedIn>> Join(Services& services, Browser browser, Registration registration) {
  TM_CO_TRY(Check(registration));
  if (services.settings.signup == "closed") {
    co_return Refuse(403, "closed", "nobody can make an account here now");
  }
  const std::string invite = HashOfToken(registration.token);
  TM_CO_TRY_ASSIGN(const auto found, OutcomeOf(co_await services.store.FindInvite(invite)));
  if (!found) co_return Refuse(404, "not_found", kLinkUsed, "token");
  TM_CO_TRY_ASSIGN(NewUser user, co_await MakeUser(services, std::move(registration)));
  user.email = found->email;
  NewSecret made = MakeSession(services, browser);
  co_return co_await Finish(services,
                            co_await services.store.Join(invite, std::move(user), std::move(made.session)),
                            std::move(made.token));
}

Task<Outcome<SignedIn>> LogIn(Services& services, Browser browser, Credentials credentials) {
  const std::string username = NormalisedUsername(credentials.username);
  // No account has such a name or password: only the time is spent.
  const bool is_possible = !WhyNotUsername(username) && credentials.password.size() <= kPasswordBytesMax;
  Attempt attempt(services, browser, username);
  TM_CO_TRY(attempt.Begin());
  TM_CO_TRY_ASSIGN(const auto login,
                   OutcomeOf(co_await services.store.FindLogin(is_possible ? username : "")));
  const std::string hash = login ? login->password : "";
  const std::string password = is_possible ? credentials.password : "";
  const auto fits = co_await services.hasher.Verify(services.loop, password, hash);
  if (!fits) {
    attempt.TakeBack();
    co_return std::unexpected(RefusalOf(fits.error()));
  }
  if (!*fits || !login) {
    NoteWrong(services, browser);
    co_return WrongCredentials();
  }
  if (login->user.disabled) {
    services.metrics.logins_disabled.Add();
    co_return Refuse(403, "disabled", "this account is disabled; ask whoever manages this server");
  }
  NewSecret made = MakeSession(services, browser);
  auto opened = co_await services.store.OpenSession(login->user.id, hash, std::move(made.session));
  if (!opened && opened.error().code == Errc::kUnauthenticated) co_return WrongCredentials();
  if (opened) {
    attempt.TakeBack();
    services.metrics.logins.Add();
    if (services.hasher.NeedsRehash(hash)) {
      services.scope.Spawn(RaiseCost(services, login->user.id, hash, std::move(credentials.password)));
    }
  }
  co_return co_await Finish(services, std::move(opened), std::move(made.token));
}

Task<Outcome<>> ResetPassword(Services& services, Browser browser, std::string token, std::string password) {
  if (auto why = WhyNotPassword(password, "")) co_return RefuseField("password", *std::move(why));
  const std::string link = HashOfToken(token);
  TM_CO_TRY_ASSIGN(const bool is_good, OutcomeOf(co_await services.store.HasLink(LinkKind::kReset, link)));
  if (!is_good) co_return Refuse(404, "not_found", kLinkUsed, "token");
  TM_CO_TRY_ASSIGN(std::string hash,
                   OutcomeOf(co_await services.hasher.Hash(services.loop, std::move(password))));
  TM_CO_TRY_ASSIGN(Changed changed,
                   OutcomeOf(co_await services.store.ResetPassword(link, std::move(hash), browser.address)));
  co_await Announce(services, changed.user.id, std::move(changed.ended));
  co_return {};
}

Task<Outcome<>> ChangePassword(Services& services, Browser browser, LiveSession live, PasswordChange change) {
  if (auto why = WhyNotPassword(change.new_password, live.user.username)) {
    co_return RefuseField("new", *std::move(why));
  }
  Attempt attempt(services, browser, live.user.username);
  TM_CO_TRY(attempt.Begin());
  TM_CO_TRY_ASSIGN(const auto login, OutcomeOf(co_await services.store.FindLoginById(live.user.id)));
  const std::string old_hash = login ? login->password : "";
  const auto fits = co_await services.hasher.Verify(services.loop, std::move(change.old_password), old_hash);
  if (!fits) {
    attempt.TakeBack();
    co_return std::unexpected(RefusalOf(fits.error()));
  }
  if (!*fits || !login) co_return Refuse(422, "wrong_password", "this is not your password", "old");
  attempt.TakeBack();
  TM_CO_TRY_ASSIGN(std::string hash,
                   OutcomeOf(co_await services.hasher.Hash(services.loop, std::move(change.new_password))));
  const Actor actor{.user = live.user.id, .address = browser.address};
  TM_CO_TRY_ASSIGN(Changed changed, OutcomeOf(co_await services.store.ChangePassword(
                                        actor, old_hash, std::move(hash), live.session.id)));
  co_await Announce(services, changed.user.id, std::move(changed.ended));
  co_return {};
}

}  // namespace tidemill::accounts
