// TLS settings of a listener or of outgoing connections: TLS 1.2 and 1.3, AEAD suites only; ALPN http/1.1
// unless said otherwise.
//
// A TlsContext is immutable and shared by loops; reloading a certificate means opening a new one and
// handing it to the listeners: connections that live keep theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/tls_session.h"

namespace tidemill::net {

class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // One session for one connection; a client session checks the peer's certificate for `server_name`.
  virtual std::unique_ptr<TlsSession> NewServerSession(int fd) const = 0;
  virtual std::unique_ptr<TlsSession> NewClientSession(int fd, const std::string& server_name) const = 0;
};

// PEM files: the chain, leaf first, and its key. kInvalidArgument names the file and what is wrong with it
// (missing, key does not match, expired).
Result<std::shared_ptr<TlsContext>> OpenServerTls(std::string cert_file, std::string key_file);

// What a client demands of a server's certificate.
enum class Verification : std::uint8_t {
  kNone,       // nothing: whoever stands in between may read everything
  kAuthority,  // that a trusted authority has signed it, for whatever name
  kFull,       // and that it is for the name that was asked for
};

struct ClientTlsOptions {
  Verification verification = Verification::kFull;
  std::string authorities_file;  // PEM; "": the system's
  std::string certificate_file;  // of the client itself, PEM, leaf first; "": none
  std::string key_file;  // of that certificate; nobody but its owner, or root and a group, may read it
  std::string alpn = "http/1.1";
  bool send_server_name = true;  // in the clear (RFC 6066 section 3)
  bool only_1_3 = false;         // TLS 1.3 or nothing
};

// kInvalidArgument names the file and what is wrong with it.
Result<std::shared_ptr<TlsContext>> OpenClientTls(const ClientTlsOptions& options);

// Trusts the system's authorities, or those of `ca_file` when it is not empty.
Result<std::shared_ptr<TlsContext>> OpenClientTls(std::string ca_file);

}  // namespace tidemill::net
