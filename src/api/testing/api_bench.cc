#include "api/testing/api_bench.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::api::testing {
namespace {

std::string MaskEpochs(std::string body) {
  constexpr std::string_view kName = R"("epoch":")";
  for (std::size_t at = body.find(kName); at != std::string::npos; at = body.find(kName, at + 1)) {
    const std::size_t begin = at + kName.size();
    body.replace(begin, body.find('"', begin) - begin, "EPOCH");
  }
  return body;
}

std::string PathOf(std::string_view method) {
  std::string path = "/api";
  if (!method.empty()) path.append("/").append(method);
  return path;
}

}  // namespace

struct ApiBench::Exchange {
  std::shared_ptr<http::Handler> handler;
  http::Request request;
  std::string body;
  std::optional<Reply> reply;
  TaskScope scope;

  static Task<void> Handle(Exchange& exchange) {
    std::optional<http::Response> refused = exchange.handler->Admit(exchange.request);
    http::Response response =
        refused ? *std::move(refused) : co_await exchange.handler->Handle(exchange.request);
    exchange.reply = {.status = response.status, .body = MaskEpochs(std::move(response.body))};
  }
};

void ApiBench::EndExchange::operator()(Exchange* exchange) const { delete exchange; }

const std::optional<Reply>& ApiBench::ReplyOf(const Exchange& exchange) { return exchange.reply; }

ApiBench::ApiBench(std::size_t loops) : metrics_(registry) {
  for (std::size_t i = 0; i < loops; ++i) {
    auto loop = net::Loop::Open({.index = i, .read_buffer_bytes = 1024});
    TM_ASSERT(loop.has_value());
    loops_.push_back(*std::move(loop));
  }
}

ApiBench::~ApiBench() = default;

api::HttpApiSettings ApiBench::DefaultSettings() {
  api::HttpApiSettings settings;
  settings.keys = {{"k"}};
  return settings;
}

std::vector<net::Loop*> ApiBench::loops() const {
  std::vector<net::Loop*> loops;
  for (const auto& loop : loops_) loops.push_back(loop.get());
  return loops;
}

void ApiBench::Serve(std::vector<Method> methods, Limits limits, std::unique_ptr<People> people) {
  service_ =
      std::make_unique<Service>(std::move(methods), DefaultSettings(), metrics_, limits, std::move(people));
  routes_ = MakeRoutes(*service_, "/api");
}

void ApiBench::Stop() {
  routes_.clear();
  service_.reset();
}

void ApiBench::Turn() {
  for (const auto& loop : loops_) loop->RunOnce(Milliseconds(0));
}

void ApiBench::Run(Task<void> task) {
  loops_[0]->Post([this, moved = std::move(task)]() mutable { scope_.Spawn(std::move(moved)); });
  do Turn();
  while (scope_.running() > 0);
}

const Route* ApiBench::Find(http::Method method, std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.path == path && route.method == method) return &route;
  }
  return nullptr;
}

ApiBench::ExchangePtr ApiBench::Ask(const Route& route, const http::Request& request) {
  ExchangePtr exchange(new Exchange{.handler = route.handler, .request = request});
  exchange->body = request.body;
  exchange->request.body = exchange->body;
  loops_[0]->Post([asked = exchange.get()] { asked->scope.Spawn(Exchange::Handle(*asked)); });
  return exchange;
}

Reply ApiBench::Wait(ExchangePtr exchange) {
  while (!exchange->reply) Turn();
  return *exchange->reply;
}

Reply ApiBench::PostWith(std::string_view method, std::string_view body, Headers headers,
                         std::string_view query) {
  const Route* const route = Find(http::Method::kPost, PathOf(method));
  if (route == nullptr) return {.status = 404, .body = ""};
  http::Request request;
  request.method = http::Method::kPost;
  request.query = query;
  request.headers = std::move(headers);
  request.body = body;
  return Wait(Ask(*route, request));
}

Reply ApiBench::Post(std::string_view method, std::string_view body) {
  return PostWith(method, body, {{"X-API-Key", "k"}});
}

Reply ApiBench::Get(std::string_view path) {
  const Route* const route = Find(http::Method::kGet, path);
  if (route == nullptr) return {.status = 404, .body = ""};
  return Wait(Ask(*route, {}));
}

ApiBench::ExchangePtr ApiBench::Begin(std::string_view method, std::string_view body) {
  const Route* const route = Find(http::Method::kPost, PathOf(method));
  TM_ASSERT(route != nullptr);
  http::Request request;
  request.method = http::Method::kPost;
  request.headers = {{"X-API-Key", "k"}};
  request.body = body;
  return Ask(*route, request);
}

}  // namespace tidemill::api::testing
