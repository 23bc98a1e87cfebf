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
  explicit ResponseParser(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // More bytes; true when the response is complete. kInvalidArgument: that is no HTTP; kLimitExceeded.
  Result<bool> Feed(std::string_view bytes);
  // The server closed; true when that completes the response.
  Result<bool> End();
  ClientResponse Take() { return std::move(response_); }

 private:
  Result<void> ParseHead(std::string_view head);
  Result<bool> ReadBody();
  Result<bool> ReadChunks();

  const std::size_t body_bytes_max_;
  ClientResponse response_;
  std::string input_;  // not yet read
  std::size_t length_ = 0;
  bool head_done_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  bool last_chunk_ = false;
};

}  // namespace tidemill::http
