#include "http/message.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/percent.h"
#include "http/grammar.h"

namespace tidemill::http {
std::optional<std::string_view> Request::Header(std::string_view name) const {
  for (const HeaderView& header : headers) {
    if (EqualIgnoringCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

bool Request::HeaderHasToken(std::string_view name, std::string_view token) const {
  for (const HeaderView& header : headers) {
    if (EqualIgnoringCase(header.name, name) && ListsToken(header.value, token)) return true;
  }
  return false;
}

bool Request::KeepsConnection() const {
  if (HeaderHasToken("connection", "close")) return false;
  return version_minor > 0 || HeaderHasToken("connection", "keep-alive");
}

std::optional<std::string> Request::PathParameter(std::string_view name) const {
  const auto found = std::ranges::find(path_names, name);
  if (found == path_names.end()) return std::nullopt;
  return PercentDecode(path_values[static_cast<std::size_t>(found - path_names.begin())]);
}

std::optional<std::string> Request::QueryParameter(std::string_view name) const {
  for (std::string_view rest = query; !rest.empty();) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return equals == std::string_view::npos ? std::string()
                                              : PercentDecode(pair.substr(equals + 1), Plus::kBlank);
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

Response Response::Text(int status, std::string body) {
  return {
      .status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

Response Response::Json(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";
  }
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace tidemill::http
