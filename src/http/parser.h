// Reads one HTTP/1.1 request, strictly by RFC 9112. Bytes in, a Request or a refusal out; no I/O.
//
// Refused, each with the status that fits and the end of the connection: bare LF or CR, folded header lines,
// blanks before a colon, bytes outside the grammar anywhere, a missing or repeated Host, a Content-Length
// that is repeated, signed, or beside Transfer-Encoding, a Transfer-Encoding other than exactly "chunked",
// chunk sizes that are not plain hex, anything over its limit. Request smuggling needs a server that lets
// such things pass.
// One empty line before a request is read past (section 2.2). A target in absolute form must name the same
// host as Host: the RFC says to ignore Host then, but a proxy before this server may have routed by it.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "http/limits.h"
#include "http/message.h"

namespace tidemill::http {

struct Refused {
  int status = 400;
  const char* why = "";  // for the response's body and the log
  friend bool operator==(const Refused&, const Refused&) = default;
};

class RequestParser {
 public:
  enum class State { kNothing, kHeaders, kBody, kComplete };  // what it waits for, or has

  explicit RequestParser(const ServerLimits& limits) : limits_(&limits) {}

  // Looks at `input`: all bytes received since the previous request's end. Call again with more behind them,
  // until kComplete; then Take.
  std::expected<State, Refused> Parse(std::string_view input);

  // The request's views point into `input`, the same bytes as given to the last Parse, or into the parser.
  // Gives how many bytes of `input` it is made of. The parser is then ready for the next one, but keeps the
  // body of this one until the next Parse.
  std::size_t Take(std::string_view input, Request& request);

  // Gives back memory before more bytes are added: drops from `input` the chunks that were taken over, so
  // that what frames them costs none, and, between requests, what the last body needed.
  void Compact(std::string& input);

  // Whether a request that was refused has a method whose answer has no body, as far as can be told.
  static bool BeginsWithHead(std::string_view input);

  // The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }

 private:
  std::expected<bool, Refused> ScanHead(std::string_view input);
  std::expected<void, Refused> ParseFraming(std::string_view head);
  std::expected<bool, Refused> ReadChunks(std::string_view input);
  void Restart();

  const ServerLimits* limits_;
  std::size_t scanned_ = 0;  // bytes of the head already looked at
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t head_bytes_ = 0;       // 0: not complete; includes the empty line
  std::size_t leading_ = 0;          // an empty line before the request, tolerated once
  std::size_t body_bytes_ = 0;       // by Content-Length
  std::size_t chunk_at_ = 0;         // where in input the next chunk line starts
  std::size_t extension_bytes_ = 0;  // of all chunk lines
  std::size_t trailer_bytes_ = 0;
  bool chunked_ = false;
  bool chunks_ended_ = false;
  bool expects_continue_ = false;
  Request request_;  // its views point at parsed_at_
  const char* parsed_at_ = nullptr;
  std::string body_;  // of chunks
  std::string taken_body_;
};

// The head alone: request line and headers, with the empty line. For RequestParser and its tests.
std::expected<void, Refused> ParseHead(std::string_view head, const ServerLimits& limits, Request& request);

}  // namespace tidemill::http
