// Address: where PostgreSQL is, as whom to log in, and how the connection is to be, as a connection string,
// the environment and ~/.pgpass say it together (parameters.h has the forms).
//
// What differs from libpq: a TLS file is used only when it is named, not because it lies in ~/.postgresql;
// without sslrootcert, sslmode=verify-full trusts the system's authorities, and verify-ca is refused;
// clear-text passwords leave only through TLS or a Unix socket unless require_auth names "password".
//
// A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/keep_alive.h"
#include "postgres/address/environment.h"
#include "postgres/address/password_file.h"
#include "postgres/address/server.h"

namespace tidemill::postgres {

// Of Debian's servers; libpq of Debian looks there too.
inline constexpr std::string_view kSocketFolder = "/var/run/postgresql";

enum class TlsMode : std::uint8_t { kDisable, kAllow, kPrefer, kRequire, kVerifyCa, kVerifyFull };

struct TlsOptions {
  TlsMode mode = TlsMode::kPrefer;
  bool direct = false;              // TLS from the first byte, without asking (PostgreSQL 17)
  std::string authorities;          // a PEM file; "": see above
  bool system_authorities = false;  // sslrootcert=system
  std::string certificate;          // ours, a PEM file; "": none
  std::string key;                  // of it
  bool send_server_name = true;
  bool only_1_3 = false;
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

// Which server of several is wanted.
enum class SessionTarget : std::uint8_t {
  kAny,
  kReadWrite,
  kReadOnly,
  kPrimary,
  kStandby,
  kPreferStandby,  // any, if none is a standby
};

enum class ChannelBinding : std::uint8_t { kDisable, kPrefer, kRequire };

// How the server may authenticate us.
struct AuthMethods {
  bool none = true;  // it asks for nothing
  bool password = true;
  bool md5 = true;
  bool scram = true;
  bool clear_password_without_tls = false;  // require_auth names "password"
  friend bool operator==(const AuthMethods&, const AuthMethods&) = default;
};

struct Address {
  std::vector<Server> servers;  // at least one, in the order in which they are tried
  bool random_order = false;    // load_balance_hosts=random
  std::string user;
  std::string database;
  std::string password;               // for every server; "": see password_file
  PasswordFile password_file;         //
  std::string password_file_problem;  // why it was not read; "": nothing is wrong with it
  std::string application_name;       // "": the program's
  std::string options;                // the server's command line, such as "-c search_path=app"
  std::optional<Duration> connect_timeout;
  SessionTarget target = SessionTarget::kAny;
  TlsOptions tls;
  ChannelBinding channel_binding = ChannelBinding::kPrefer;
  AuthMethods methods;
  std::optional<net::KeepAlive> keep_alive;  // nullopt: keepalives=0

  // `password`: where the text has none; goes before the environment and the file. Reads the password file:
  // blocks. kInvalidArgument says which part is wrong, or which variable, without quoting what was given.
  static Result<Address> Parse(std::string_view text, const std::string& password,
                               const Environment& environment);

  // "": none.
  std::string PasswordFor(const Server& server) const;

  // For logs: "postgres://app@db1:5432,db2:5432/shop", never with a password.
  std::string ToString() const;

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace tidemill::postgres
