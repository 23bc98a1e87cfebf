#include <utility>
#include <vector>

#include "api/concurrently.h"
#include "api/service.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kBatchCommandsMax = 10'000;
constexpr std::size_t kBatchWidth = 64;

std::string_view NameOf(const Request& request) {
  return std::visit(
      []<class R>(const R&) -> std::string_view {
        if constexpr (std::is_same_v<R, std::monostate>) {
          return "";
        } else {
          return R::kMethod.text;
        }
      },
      request);
}

// Runs the commands and writes each reply: {"publish":{…}} or {"error":{…}}.
struct Job {
  Service& service;
  std::vector<Request> commands;
  std::vector<std::string> replies;

  Task<void> operator()(std::size_t i) { return One(*this, i); }
  static Task<void> One(Job& job, std::size_t i) {
    std::string& reply = job.replies[i];
    reply.append("{\"").append(NameOf(job.commands[i])).append("\":");
    const Outcome outcome = co_await job.service.RunAny(std::move(job.commands[i]), reply);
    if (!outcome) {
      reply = R"({"error":)";
      AppendErrorObject(outcome.error(), reply);
    }
    reply += '}';
  }
};

class BatchHandler final : public http::Handler {
 public:
  explicit BatchHandler(Service& service) : service_(service) {}

  Task<http::Response> Handle(const http::Request& http) override {
    if (auto refused = co_await service_.Refuse(http)) co_return *std::move(refused);
    BatchRequest request;
    JsonReader json(http.body);
    Read(json, request);
    if (!json.Finish()) co_return BadRequest();
    if (request.commands.size() > kBatchCommandsMax) {
      co_return http::Response::Text(413, "more than 10000 commands");
    }
    const std::size_t width = request.parallel ? kBatchWidth : 1;
    const std::size_t count = request.commands.size();
    Job job{.service = service_,
            .commands = std::move(request.commands),
            .replies = std::vector<std::string>(count)};
    co_await ForEachConcurrently(count, width, job);

    std::string body = R"({"replies":[)";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) body += ',';
      body += job.replies[i];
    }
    body += "]}";
    co_return http::Response::Json(200, std::move(body));
  }

 private:
  Service& service_;
};

}  // namespace

std::shared_ptr<http::Handler> MakeBatchHandler(Service& service) {
  return std::make_shared<BatchHandler>(service);
}

}  // namespace tidemill::api
