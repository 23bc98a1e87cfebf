// Settings of accounts.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::accounts {

struct AccountsSettings {
  bool enabled = false;
  std::string signup = "invite";  // "closed"
  std::string public_url;         // "https://chat.example.com"; "": as requests say
  Duration session_ttl = Hours(30 * 24);
  Duration session_idle_ttl = Hours(7 * 24);
  Duration reset_link_ttl = Hours(24);
  Duration audit_retention = Hours(365 * 24);
  std::uint32_t logins_per_account = 10;
  std::uint32_t logins_per_address = 100;
  Duration logins_interval = Minutes(15);
  friend bool operator==(const AccountsSettings&, const AccountsSettings&) = default;
};

config::Section<AccountsSettings> AccountsSection();

}  // namespace tidemill::accounts
