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
#include <optional>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/refused.h"

namespace tidemill::http {

class RequestParser {
 public:
  enum class State { kNothing, kHeaders, kBody, kComplete };  // what it waits for, or has

  explicit RequestParser(const ServerLimits& limits) : limits_(&limits), chunks_(LengthMax()) {}

  // Looks at `input`: all bytes received since the previous request's end. Call again with more behind them,
  // until kComplete; then Take.
  std::expected<State, Refused> Parse(std::string_view input);

  // The request's views point into `input`, the same bytes as given to the last Parse, or into the parser.
  // Gives how many bytes of `input` it is made of. The parser is then ready for the next one, but keeps the
  // body of this one until the next Parse.
  std::size_t Take(std::string_view input, Request& request);

  // Of the request whose body is awaited, until the next Parse: its head. Views as of a request that was
  // taken, but without a body.
  Request& head() { return request_; }
  // The length of its body, if it says it; nullopt: it comes in chunks.
  std::optional<std::size_t> body_bytes() const;
  // How many bytes of its body, with what frames it, are missing in `input`; nullopt: that cannot be told.
  std::optional<std::size_t> MissingBytes(std::string_view input) const;
  // Refuses chunks that are more than this together, for this request.
  void LimitBody(std::size_t bytes_max) { chunks_.Limit(bytes_max); }
  // Instead of Take, at once after the Parse that gave kBody: somebody else reads the body. Gives how many
  // bytes of the input the head is made of; what follows them is the body, from its beginning.
  std::size_t TakeHead(Request& request);
  // Forgets it: all of `input` was its.
  void Forget() { Restart(); }

  // Memory that the body takes here: of chunks.
  std::size_t buffered_bytes() const { return body_.capacity() + taken_body_.capacity(); }

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
  // Of a body: which one it may be is not known yet.
  std::size_t LengthMax() const;
  void Restart();

  const ServerLimits* limits_;
  std::size_t scanned_ = 0;  // bytes of the head already looked at
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t head_bytes_ = 0;  // 0: not complete; includes the empty line
  std::size_t leading_ = 0;     // an empty line before the request, tolerated once
  std::size_t body_bytes_ = 0;  // by Content-Length
  std::size_t chunk_at_ = 0;    // where in input the next chunk line starts
  ChunkedDecoder chunks_;
  bool chunked_ = false;
  bool expects_continue_ = false;
  Request request_;  // its views point at parsed_at_
  const char* parsed_at_ = nullptr;
  std::string body_;  // of chunks
  std::string taken_body_;
};

// The head alone: request line and headers, with the empty line. For RequestParser and its tests.
std::expected<void, Refused> ParseHead(std::string_view head, const ServerLimits& limits, Request& request);

}  // namespace tidemill::http
