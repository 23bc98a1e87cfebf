// ScramClient: the client's part of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), as PostgreSQL
// speaks it: without a user name, which the startup message has said.
//
// Without I/O. The derivation of the keys is the caller's to run, as it takes long: DeriveScramKeys.
// One thread; one authentication.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::postgres {

// More is not computed for anybody: half a second of one core.
inline constexpr std::uint32_t kScramIterationsMax = 600'000;

// How the exchange is tied to the connection that carries it.
struct ScramBinding {
  enum class Kind : std::uint8_t {
    kNone,       // "n": the client does not bind
    kUnoffered,  // "y": it would, but the server does not offer it; a server that does will then refuse
    kEndPoint,   // "p": to the certificate: tls-server-end-point
  };
  Kind kind = Kind::kNone;
  std::string end_point;  // the certificate's digest
};

// What a derivation needs.
struct ScramChallenge {
  std::string password;  // as SaslPrep gives it
  std::string salt;
  std::uint32_t iterations = 0;
};

struct ScramKeys {
  std::string client_key;
  std::string server_key;
};

// Takes about a microsecond for each iteration. Any thread.
ScramKeys DeriveScramKeys(const ScramChallenge& challenge);

class ScramClient {
 public:
  // `nonce`: printable, without commas, of at least 18 random bytes.
  ScramClient(ScramBinding binding, std::string password, std::string nonce, std::string user = "");

  // The client-first-message.
  std::string First() const;
  // Reads the server-first-message. kInvalidArgument: it is not one, not an answer to ours, or asks for more
  // than kScramIterationsMax.
  Result<ScramChallenge> Challenge(std::string_view server_first);
  // The client-final-message.
  std::string Final(const ScramKeys& keys);
  // Reads the server-final-message. kInvalidArgument: the server does not know the password, or says why it
  // refuses ours.
  Result<void> Verify(std::string_view server_final) const;

 private:
  std::string GsHeader() const;

  const ScramBinding binding_;
  const std::string password_;
  const std::string nonce_;
  const std::string user_;
  std::string server_first_;
  std::string full_nonce_;  // ours and the server's
  std::string server_signature_;
};

// What goes into ScramClient.
std::string NewScramNonce();

}  // namespace tidemill::postgres
