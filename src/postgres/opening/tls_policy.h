// The rules of sslmode (PostgreSQL documentation, "SSL Support"): which attempts a server gets, with or
// without TLS, and what ends them.
#pragma once

#include <memory>

#include "base/result.h"
#include "net/tls.h"
#include "postgres/address/address.h"
#include "sql/failure.h"

namespace tidemill::postgres {

enum class Attempt : std::uint8_t {
  kPlain,
  kTlsIfOffered,  // the server is asked, and goes on in the clear if it says no
  kTls,           // or nothing
};

// What the first attempt is, and whether `failure` of it asks for a second.
Attempt FirstAttempt(const TlsOptions& options, const Server& server);
// nullopt: there is none. `was_tls`: the failed attempt was, or tried to be, TLS.
std::optional<Attempt> SecondAttempt(const TlsOptions& options, const Server& server, bool was_tls,
                                     const sql::Failure& failure);

// Null for sslmode=disable. kInvalidArgument names the file and what is wrong with it.
Result<std::shared_ptr<net::TlsContext>> OpenTlsFor(const TlsOptions& options);

}  // namespace tidemill::postgres
