// Reads one HTTP/1.1 response, for http/client.h. Bytes in, a ClientResponse or an error out; no I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace tidemill::http {

class ResponseParser {
 public:
  // kNone: the response to HEAD, whose Content-Length is another response's.
  // kUpgrade: an upgrade was asked for, and 101 ends HTTP on the connection: what follows is TakeRest().
  enum class Body { kAsFramed, kNone, kUpgrade };
  explicit ResponseParser(std::size_t body_bytes_max, Body body = Body::kAsFramed)
      : body_bytes_max_(body_bytes_max), body_(body) {}

  // More bytes; true when the response is complete. kInvalidArgument: that is no HTTP; kLimitExceeded.
  Result<bool> Feed(std::string_view bytes);
  // The server closed; true when that completes the response.
  Result<bool> End();
  // After a complete response: whether the connection may carry another (RFC 9112 section 9.3): its server
  // does not close it, and nothing came behind the response.
  bool reusable() const;
  ClientResponse Take() { return std::move(response_); }
  // After 101: the bytes that came behind its head.
  std::string TakeRest() { return std::move(input_); }

 private:
  Result<void> ParseHead(std::string_view head);
  Result<void> ParseHeader(std::string_view line);
  Result<void> DecideFraming(bool http_1_0);
  bool IsUpgraded() const { return body_ == Body::kUpgrade && response_.status == 101; }
  Result<bool> ReadBody();
  Result<bool> ReadChunks();
  Result<bool> ReadChunk();

  const std::size_t body_bytes_max_;
  const Body body_;
  ClientResponse response_;
  std::string input_;
  std::size_t at_ = 0;              // bytes of input_ that were read
  std::size_t length_ = 0;          // by Content-Length
  std::size_t overhead_bytes_ = 0;  // of chunk extensions and trailers
  int interim_ = 0;                 // responses 1xx so far
  bool head_done_ = false;
  bool closes_ = false;  // the server said so
  bool has_length_ = false;
  bool chunked_ = false;
  bool last_chunk_ = false;
  bool complete_ = false;
};

}  // namespace tidemill::http
