// HTTP/1.1 messages as values.
//
// A Request's views point into its connection's buffer and live until the response has been given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.h"

namespace tidemill::http {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };

struct HeaderView {
  std::string_view name;
  std::string_view value;  // without surrounding blanks
};

class BodyReader;

struct Request {
  Method method = Method::kGet;
  std::string_view method_name;
  std::string_view target;  // as sent
  std::string_view path;    // up to the '?', not decoded; "*" for OPTIONS of the server as a whole
  std::string_view query;   // after the '?'
  int version_minor = 1;    // HTTP/1.x
  std::vector<HeaderView> headers;
  std::string_view body;
  BodyReader* body_reader = nullptr;          // of a handler that reads the body itself; `body` is empty then
  std::span<const std::string> path_names;    // of the named segments of the route (http/router.h)
  std::vector<std::string_view> path_values;  // and what stands there, not decoded
  net::IpAddress peer;
  bool over_tls = false;

  // The only header of that name (case does not matter); nullopt when absent. The parser has already
  // refused repeated headers that must be single (Host, Content-Length, …).
  std::optional<std::string_view> Header(std::string_view name) const;
  // Whether a comma-separated header of that name lists `token` (case does not matter).
  bool HeaderHasToken(std::string_view name, std::string_view token) const;
  // Whether another request may follow on the connection: RFC 9112 section 9.3. "close" beats "keep-alive".
  bool KeepsConnection() const;
  // What stands in the route's segment {name}, percent-decoded; nullopt when there is none of that name or it
  // is not decodable.
  std::optional<std::string> PathParameter(std::string_view name) const;
  // The first query parameter of that name, percent-decoded; nullopt when absent or not decodable.
  std::optional<std::string> QueryParameter(std::string_view name) const;
};

class BodySource;

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>>
      headers;  // Content-Length, Date, Connection are the server's
  std::string body;
  std::shared_ptr<BodySource> body_source;  // not null: makes the body while it is sent; `body` is unused
  std::optional<std::uint64_t> body_source_bytes;  // what it makes, where that is known: no more, no less
  bool close = false;                              // close the connection afterwards

  static Response Text(int status, std::string body);  // text/plain; charset=utf-8
  static Response Json(int status, std::string body);  // application/json
};

std::string_view ReasonPhrase(int status);

// Whether responses of that status have a body (RFC 9110 section 6.4.1).
bool MayHaveBody(int status);

}  // namespace tidemill::http
