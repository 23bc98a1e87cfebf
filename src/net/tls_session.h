// TlsSession: one connection's TLS, over its non-blocking descriptor. What stream.cc and connect.cc need of
// it.
//
// Loop thread only. A session that failed or ended is only good for destruction.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidemill::net {

class TlsSession {
 public:
  enum class Status {
    kOk,
    kWantRead,   // nothing more before the peer sends
    kWantWrite,  // nothing more before the kernel takes
    kEnded,      // the peer's end, announced or not
    kFailed,     // failure() says why
  };
  struct Outcome {
    Status status;
    std::size_t bytes = 0;
  };

  virtual ~TlsSession() = default;

  virtual Status Handshake() = 0;
  virtual bool handshake_done() const = 0;
  // At most one record.
  virtual Outcome Read(std::span<char> into) = 0;
  // Writes one record, 1 to 16384 bytes: all of it, or, after kWantRead and kWantWrite, nothing yet. The next
  // Write must then begin with the same bytes; it writes those only.
  virtual Outcome Write(std::string_view record) = 0;
  // Tells the peer that nothing follows, if the kernel has room.
  virtual void SendCloseNotify() = 0;

  virtual std::string_view alpn() const = 0;
  // The digest of the peer's certificate, or of ours in a server's session, that binds an authentication to
  // this very connection: "tls-server-end-point" of RFC 5929 section 4. "": there is none.
  virtual std::string ServerEndPoint() const = 0;
  virtual const std::string& failure() const = 0;
};

}  // namespace tidemill::net
