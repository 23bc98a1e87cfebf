#include "accounts/settings.h"

#include "config/section.h"
#include "http/url.h"

namespace tidemill::accounts {
namespace {

constexpr std::string_view kSignups[] = {"invite", "closed"};

constexpr config::Row<AccountsSettings> kAccounts[] = {
    {"enabled",
     config::Of<&AccountsSettings::enabled>,
     {.doc =
          "Serves accounts at /accounts/v1/: people who log in with a password, invite others, and use the "
          "chat. Kept in storage.postgres.url or else in storage.sqlite.path. `serve --dev` does.",
      .reload = config::Reload::kNo}},
    {"signup",
     config::Of<&AccountsSettings::signup>,
     {.doc = "Who may make an account: whoever has an invitation, or nobody.",
      .choices = kSignups,
      .reload = config::Reload::kNo}},
    {"public_url",
     config::Of<&AccountsSettings::public_url>,
     {.doc =
          "Where browsers reach this server, such as \"https://chat.example.com\": for links, and behind a "
          "proxy also for Secure cookies and to know its own pages. The Host of requests when empty.",
      .reload = config::Reload::kNo}},
    {"session_ttl",
     config::Of<&AccountsSettings::session_ttl>,
     {.doc = "How long somebody stays logged in, at most.",
      .min = 60 * config::kSecond,
      .max = config::kYear,
      .reload = config::Reload::kNo}},
    {"session_idle_ttl",
     config::Of<&AccountsSettings::session_idle_ttl>,
     {.doc = "How long somebody stays logged in without being there.",
      .min = config::kSecond,
      .max = config::kYear,
      .reload = config::Reload::kNo}},
    {"reset_link_ttl",
     config::Of<&AccountsSettings::reset_link_ttl>,
     {.doc = "How long the link is good by which somebody chooses a new password.",
      .min = 60 * config::kSecond,
      .max = config::kYear,
      .reload = config::Reload::kNo}},
    {"audit_retention",
     config::Of<&AccountsSettings::audit_retention>,
     {.doc = "How long entries of the audit log are kept.",
      .min = config::kHour,
      .max = 10 * config::kYear,
      .reload = config::Reload::kNo}},
    {"logins_per_account",
     config::Of<&AccountsSettings::logins_per_account>,
     {.doc = "Passwords that may be tried for one account in logins_interval; then 429. What was right does "
             "not count. 0: any number.",
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"logins_per_address",
     config::Of<&AccountsSettings::logins_per_address>,
     {.doc = "The same from one address, for any account; of IPv6 a /64 counts as one.",
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"logins_interval",
     config::Of<&AccountsSettings::logins_interval>,
     {.doc = "In which as many may be tried again.",
      .min = config::kSecond,
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
};

void Check(const AccountsSettings& settings, const std::string& prefix, config::Findings& findings) {
  if (settings.public_url.empty()) return;
  const auto url = http::Url::Parse(settings.public_url);
  if (!url) {
    findings.push_back({.key = prefix + "public_url", .text = ": " + url.error().detail});
  } else if (settings.public_url.find('/', settings.public_url.find("://") + 3) != std::string::npos) {
    findings.push_back({.key = prefix + "public_url",
                        .text = ": a scheme and a host only, without a path: \"https://chat.example.com\""});
  }
}

}  // namespace

config::Section<AccountsSettings> AccountsSection() { return {.rows = kAccounts, .check = Check}; }

}  // namespace tidemill::accounts
