// Startup: what is said on a new connection from the startup message until the server is ready for queries
// (PostgreSQL documentation, "Protocol Flow", "Start-up"). Without I/O. One thread; one session.
//
// It is fed the server's messages in their order, and answers them or refuses the server. A server can make
// it keep no more than kParametersMax parameters and kMessagesMax messages' worth of time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "postgres/connection/opened_session.h"
#include "postgres/login/login.h"
#include "postgres/protocol/message_reader.h"
#include "sql/failure.h"

namespace tidemill::postgres {

// "user", "database", "application_name", "replication", … and settings of the server's.
using StartupParameters = std::vector<std::pair<std::string, std::string>>;

// The first message of a connection, in version 3.0 of the protocol.
std::string BuildStartupMessage(const StartupParameters& parameters);
// Asks for TLS; the answer is one byte, 'S' or 'N'.
std::string BuildSslRequest();

class Startup {
 public:
  static constexpr std::size_t kParametersMax = 256;
  static constexpr std::size_t kMessagesMax = 1000;

  using Send = Login::Send;
  using Derive = Login::Derive;
  using Wait = Login::Wait;
  struct Ready {};  // for queries
  using Step = std::variant<Send, Derive, Wait, Ready>;

  explicit Startup(LoginOptions options) : login_(std::move(options)) {}

  // What the server said, or kUnauthenticated, kUnavailable: why there is no way on.
  sql::Result<Step> OnMessage(const Message& message);
  // The answer to Derive.
  Send OnKeys(const ScramKeys& keys) { return login_.OnKeys(keys); }

  // All that the server reported; taken when it is ready.
  std::map<std::string, std::string, std::less<>> TakeParameters() { return std::move(parameters_); }
  BackendKey TakeKey() { return std::move(key_); }
  // Whether the server has let us in: what is refused after that is refused to us, not to anybody.
  bool logged_in() const { return logged_in_; }

 private:
  sql::Result<Step> OnAuthentication(std::string_view body);
  sql::Result<Step> OnParameter(std::string_view body);
  sql::Result<Step> OnKey(std::string_view body);
  sql::Result<Step> OnReady(std::string_view body) const;

  Login login_;
  bool logged_in_ = false;
  std::size_t messages_ = 0;
  std::map<std::string, std::string, std::less<>> parameters_;
  BackendKey key_;
};

// An ErrorResponse as a failure; kUnavailable when it is not one.
sql::Failure FailureOf(std::string_view error_response);

// 150018 of "15.18 (Debian 15.18-0+deb12u1)"; 0 of what is no version.
std::uint32_t ParseServerVersion(std::string_view text);

}  // namespace tidemill::postgres
