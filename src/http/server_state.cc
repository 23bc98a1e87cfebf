#include "http/server_state.h"

#include <time.h>

#include <algorithm>
#include <charconv>

#include "http/connection.h"
#include "http/origin.h"

namespace tidemill::http {
namespace {

void AppendNumber(std::size_t number, std::string& out) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end);
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

ServerState::ServerState(net::Loop& l, std::shared_ptr<const Router> r, Server::Options o)
    : loop(l), router(std::move(r)), options(std::move(o)), metrics(options.metrics) {}

ServerState::~ServerState() = default;

void ServerState::ReplaceRouter(std::shared_ptr<const Router> other) {
  for (const auto& takeover : router->takeovers()) {
    const auto known = std::ranges::find(former_takeovers, takeover);
    if (known == former_takeovers.end()) former_takeovers.push_back(takeover);
  }
  router = std::move(other);
  // One that others hold too may still take a connection, or be in use again: it is looked at the next time.
  std::erase_if(former_takeovers,
                [](const auto& takeover) { return takeover->idle() && takeover.use_count() == 1; });
}

void ServerState::Remember(Connection& connection) {
  connections.PushFront(connection);
  ++connection_count;
  if (metrics) metrics->connections.Add(1);
}

void ServerState::Forget(Connection& connection) {
  IntrusiveList<Connection>::Remove(connection);
  --connection_count;
  if (metrics) metrics->connections.Sub(1);
}

std::string_view ServerState::Date() {
  const std::int64_t second = loop.clock().WallNow().ms / 1000;
  if (second != date_second_) {
    date_second_ = second;
    char text[64];
    const time_t now = second;
    tm parts{};
    gmtime_r(&now, &parts);
    date_.assign(text, strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return date_;
}

void ServerState::AppendResponse(const Request* request, const Response& response, ResponseForm form,
                                 std::string& out) {
  const std::size_t before = out.size();
  out += "HTTP/1.1 ";
  AppendNumber(static_cast<std::size_t>(response.status), out);
  out += ' ';
  out += ReasonPhrase(response.status);
  out += "\r\n";
  AppendHeader("Date", Date(), out);
  for (const auto& [name, value] : response.headers) AppendHeader(name, value, out);
  const bool streamed = response.body_source != nullptr || form.until_close;
  if (!response.body.empty() || streamed) AppendHeader("X-Content-Type-Options", "nosniff", out);
  if (request) AppendCors(*request, response, out);
  if (!form.keep_alive) {
    AppendHeader("Connection", "close", out);
  } else if (form.version_minor == 0) {
    AppendHeader("Connection", "keep-alive", out);
  }
  if (form.chunked) {
    AppendHeader("Transfer-Encoding", "chunked", out);
  } else if (MayHaveBody(response.status) && (!streamed || response.body_source_bytes)) {
    out += "Content-Length: ";
    AppendNumber(response.body_source_bytes.value_or(response.body.size()), out);
    out += "\r\n";
  }
  out += "\r\n";
  if (!form.head_only && MayHaveBody(response.status)) out += response.body;
  if (!metrics) return;
  metrics->responses[static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5))]->Add();
  metrics->bytes_sent.Add(out.size() - before);
}

// A page of another origin may read the answer only if its origin is listed, and only those headers that are
// named: all of ours. A listed origin, not "*", may also send credentials.
void ServerState::AppendCors(const Request& request, const Response& response, std::string& out) const {
  const auto& patterns = options.policy.cors.allowed_origins;
  if (patterns.empty()) return;
  AppendHeader("Vary", "Origin", out);
  const auto origin = request.Header("origin");
  if (!origin || !OriginAllowed(*origin, request.Header("host").value_or(""), patterns)) return;
  AppendHeader("Access-Control-Allow-Origin", *origin, out);
  if (std::ranges::find(patterns, "*") == patterns.end())
    AppendHeader("Access-Control-Allow-Credentials", "true", out);
  if (response.headers.empty()) return;
  std::string names;
  for (const auto& [name, value] : response.headers) names.append(names.empty() ? "" : ", ").append(name);
  AppendHeader("Access-Control-Expose-Headers", names, out);
}

Response ServerState::Options(const Request& request, const std::string& allow) const {
  Response response{.status = 204, .headers = {{"Allow", allow}}};
  const auto asked = request.Header("access-control-request-headers");
  if (request.Header("access-control-request-method") && !options.policy.cors.allowed_origins.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Methods", allow);
    if (asked) response.headers.emplace_back("Access-Control-Allow-Headers", std::string(*asked));
    response.headers.emplace_back("Access-Control-Max-Age", "300");
  }
  return response;
}

}  // namespace tidemill::http
