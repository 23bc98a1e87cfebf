// Login: the client's part of PostgreSQL's authentication (documentation, "Protocol Flow", "Start-up"), from
// the first Authentication message to AuthenticationOk.
//
// It answers each message of the server, or refuses the server: a method that is not allowed, a message out
// of turn, a SCRAM exchange in which the server did not prove that it knows the password. Without I/O. One
// thread; one authentication.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "postgres/address/address.h"
#include "postgres/login/scram.h"
#include "sql/failure.h"

namespace tidemill::postgres {

// What carries the connection.
enum class Transport : std::uint8_t { kPlain, kTls, kUnix };

struct LoginOptions {
  std::string user;
  std::string password;         // "": there is none
  std::string why_no_password;  // said when one is asked for: of the password file
  AuthMethods methods;
  ChannelBinding channel_binding = ChannelBinding::kPrefer;
  Transport transport = Transport::kPlain;
  std::string end_point;  // net::Stream::ServerEndPoint; "": the connection cannot be bound to
};

class Login {
 public:
  struct Send {
    std::string message;  // whole, with its type and length
  };
  struct Derive {
    ScramChallenge challenge;  // DeriveScramKeys off the loop, then OnKeys
  };
  struct Wait {};  // for the server's next message
  struct Done {};  // the server has let us in
  using Step = std::variant<Send, Derive, Wait, Done>;

  explicit Login(LoginOptions options) : options_(std::move(options)) {}

  // `body` of an Authentication message ('R'). kUnauthenticated says why there is no way on.
  sql::Result<Step> OnMessage(std::string_view body);
  Send OnKeys(const ScramKeys& keys);

 private:
  enum class State : std::uint8_t {
    kStart,
    kAnswered,   // password or MD5
    kFirstSent,  // SCRAM
    kDeriving,
    kFinalSent,
    kVerified,
  };

  sql::Result<Step> OnOk() const;
  sql::Result<Step> OnPassword();
  sql::Result<Step> OnMd5(std::string_view salt);
  sql::Result<Step> OnSasl(std::string_view mechanisms);
  sql::Result<Step> OnSaslContinue(std::string_view text);
  sql::Result<Step> OnSaslFinal(std::string_view text);
  struct Offer {  // of SASL mechanisms
    bool scram = false;
    bool plus = false;
  };
  sql::Result<void> CheckOffer(const Offer& offer) const;
  sql::Result<void> CheckMethod(bool allowed, std::string_view name) const;
  sql::Result<void> CheckAllowed(bool allowed, std::string_view name) const;

  const LoginOptions options_;
  State state_ = State::kStart;
  std::optional<ScramClient> scram_;
};

}  // namespace tidemill::postgres
