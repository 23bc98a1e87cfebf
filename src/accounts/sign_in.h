// How people come in: the first owner by its link, those who are invited, by password; and how passwords
// change.
//
// Each call changes state and runs to its end (RunToEnd). Loop thread only.
#pragma once

#include <string>

#include "accounts/refusal.h"
#include "accounts/services.h"

namespace tidemill::accounts {

// The other end of a request.
struct Browser {
  std::string address;       // for people to read
  std::string throttle_key;  // ThrottleKeyOf
  std::string agent;
  std::string session_hash;  // of the session that it had; "": none
};

// What a person writes to get an account.
struct Registration {
  std::string token;  // of the link
  std::string username;
  std::string name;
  std::string password;
};

struct SignedIn {
  LiveSession live;
  std::string token;  // of the session, for the cookie
};

Task<Outcome<SignedIn>> SetUp(Services& services, Browser browser, Registration registration);
Task<Outcome<SignedIn>> Join(Services& services, Browser browser, Registration registration);

struct Credentials {
  std::string username;
  std::string password;
};
// 401 "wrong_credentials", the same after the same time for a user who is not there and for a wrong password;
// 403 "disabled" for the right password of a disabled user; 429 "rate_limited"; 503 "busy".
Task<Outcome<SignedIn>> LogIn(Services& services, Browser browser, Credentials credentials);

// By a link; all sessions of the user end.
Task<Outcome<>> ResetPassword(Services& services, Browser browser, std::string token, std::string password);

struct PasswordChange {
  std::string old_password;
  std::string new_password;
};
// Of who has the session; all others of the user end.
Task<Outcome<>> ChangePassword(Services& services, Browser browser, LiveSession live, PasswordChange change);

// Tells of what a change has ended.
Task<void> Announce(Services& services, std::string user, std::vector<std::string> ended);

}  // namespace tidemill::accounts
