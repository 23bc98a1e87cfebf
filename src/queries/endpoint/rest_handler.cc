#include "queries/endpoint/rest_handler.h"

#include <string_view>
#include <utility>
#include <vector>

#include "queries/answer/error_answer.h"

namespace tidemill::queries {
namespace {

http::Method ToHttp(files::Method method) {
  switch (method) {
    case files::Method::kGet: return http::Method::kGet;
    case files::Method::kPost: return http::Method::kPost;
    case files::Method::kPut: return http::Method::kPut;
    case files::Method::kPatch: return http::Method::kPatch;
    case files::Method::kDelete: return http::Method::kDelete;
  }
  return http::Method::kGet;
}

// Answers 503 for an endpoint that something is wrong with.
class BrokenHandler final : public http::Handler {
 public:
  explicit BrokenHandler(std::string reason) : reason_(std::move(reason)) {}

  std::optional<http::Response> Admit(const http::Request&) override { return Answer(); }
  Task<http::Response> Handle(const http::Request&) override { co_return Answer(); }

 private:
  http::Response Answer() const {
    ErrorAnswer error = MakeError(OwnError::kBroken, "this endpoint cannot be served now");
    error.details = reason_;
    return ToResponse(error);
  }

  const std::string reason_;  // "": it is not told
};

http::Response NotFound() {
  return ToResponse(MakeError(OwnError::kNoEndpoint, "there is no such endpoint"));
}

http::Response WrongMethod(const http::Router::Route& route) {
  ErrorAnswer error = MakeError(OwnError::kWrongMethod, "this endpoint has other methods: " + route.allow);
  error.headers.emplace_back("Allow", route.allow);
  return ToResponse(error);
}

http::Response NotReady() {
  ErrorAnswer error = MakeError(OwnError::kUnavailable, "the endpoints are not ready yet; try again");
  error.retry_after = Seconds(1);
  return ToResponse(error);
}

}  // namespace

std::unique_ptr<RouteTable> MakeRouteTable(QueryServices& services, const Serving& serving,
                                           const std::string& prefix) {
  auto table = std::make_unique<RouteTable>();
  const auto pattern = [&](const files::Route& route) { return prefix + route.Path(); };
  for (const auto& served : serving.endpoints) {
    const files::Route& route = served->query().route;
    table->router.Add(ToHttp(route.method), pattern(route), std::make_shared<QueryHandler>(services, served));
  }
  for (const BrokenEndpoint& broken : serving.catalog->broken) {
    table->router.Add(ToHttp(broken.route.method), pattern(broken.route),
                      std::make_shared<BrokenHandler>(services.developer ? broken.reason : ""));
  }
  return table;
}

struct RestHandler::Found {
  std::shared_ptr<http::Handler> handler;  // null: `refusal` is the answer
  std::vector<std::string_view> values;    // of the named segments
  http::Response refusal;
};

RestHandler::Found RestHandler::Find(const http::Request& request) const {
  Found found;
  if (!table_) {
    found.refusal = NotReady();
    return found;
  }
  const http::Router::Route* const route = table_->router.Find(request.path, found.values);
  if (route == nullptr) {
    found.refusal = NotFound();
  } else if (const http::Router::Endpoint* const endpoint = route->For(request.method)) {
    found.handler = endpoint->handler;
  } else {
    found.refusal = WrongMethod(*route);
  }
  return found;
}

std::optional<http::Response> RestHandler::Admit(const http::Request& request) {
  Found found = Find(request);
  if (!found.handler) return std::move(found.refusal);
  return found.handler->Admit(request);
}

Task<http::Response> RestHandler::Handle(const http::Request& request) {
  Found found = Find(request);
  if (!found.handler) co_return std::move(found.refusal);
  const std::shared_ptr<http::Handler> handler = std::move(found.handler);
  if (found.values.empty()) co_return co_await handler->Handle(request);
  // As the endpoint's own route gives it.
  http::Request routed = request;
  routed.path_values = std::move(found.values);
  const auto* const query = dynamic_cast<const QueryHandler*>(handler.get());
  if (query != nullptr) routed.path_names = query->served().path_names;
  co_return co_await handler->Handle(routed);
}

std::unique_ptr<RouteTable> RestHandler::Replace(std::unique_ptr<RouteTable> table) {
  return std::exchange(table_, std::move(table));
}

}  // namespace tidemill::queries
