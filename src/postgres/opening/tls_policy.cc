#include "postgres/opening/tls_policy.h"

namespace tidemill::postgres {
namespace {

// Another attempt helps when the connection itself was not to be had, or pg_hba.conf has no line for it; not
// when the password is wrong, nor when the time is over.
bool MayDependOnTls(const sql::Failure& failure) {
  if (!failure.code.empty()) return failure.code == "28000";
  return failure.kind == sql::FailureKind::kUnavailable;
}

net::Verification VerificationOf(const TlsOptions& options) {
  switch (options.mode) {
    case TlsMode::kVerifyFull: return net::Verification::kFull;
    case TlsMode::kVerifyCa: return net::Verification::kAuthority;
    // A file of authorities is there to be used, as libpq has it.
    case TlsMode::kRequire:
      return options.authorities.empty() ? net::Verification::kNone : net::Verification::kAuthority;
    default: return net::Verification::kNone;
  }
}

}  // namespace

Attempt FirstAttempt(const TlsOptions& options, const Server& server) {
  if (server.is_unix()) return Attempt::kPlain;
  switch (options.mode) {
    case TlsMode::kDisable:
    case TlsMode::kAllow: return Attempt::kPlain;
    case TlsMode::kPrefer: return Attempt::kTlsIfOffered;
    default: return Attempt::kTls;
  }
}

std::optional<Attempt> SecondAttempt(const TlsOptions& options, const Server& server, bool was_tls,
                                     const sql::Failure& failure) {
  if (server.is_unix() || !MayDependOnTls(failure)) return std::nullopt;
  // What the server said of a connection in the clear is what it says of the next one, too.
  if (options.mode == TlsMode::kPrefer && was_tls) return Attempt::kPlain;
  if (options.mode == TlsMode::kAllow && !failure.code.empty()) return Attempt::kTls;
  return std::nullopt;
}

Result<std::shared_ptr<net::TlsContext>> OpenTlsFor(const TlsOptions& options) {
  if (options.mode == TlsMode::kDisable) return nullptr;
  return net::OpenClientTls({.verification = VerificationOf(options),
                             .authorities_file = options.authorities,
                             .certificate_file = options.certificate,
                             .key_file = options.key,
                             .alpn = "postgresql",
                             .send_server_name = options.send_server_name,
                             .only_1_3 = options.only_1_3});
}

}  // namespace tidemill::postgres
