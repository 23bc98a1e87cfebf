#include "api/batch.h"

#include <string>
#include <utility>
#include <vector>

#include "api/gated_handler.h"
#include "api/params.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kParallelWidth = 64;

struct Batch {
  std::vector<Command> commands;
  bool parallel = false;
};

void ReadCommands(const Service& service, JsonReader& json, std::vector<Command>& commands) {
  json.EnterArray();
  while (json.NextElement()) {
    if (commands.size() > kBatchCommandsMax) {
      json.Skip();
      continue;
    }
    // The first method of an object is the command; {} and unknown ones have none.
    Command& command = commands.emplace_back();
    json.EnterObject();
    while (const auto name = json.NextKey()) {
      if (command.method == nullptr) command = service.Read(std::string(*name), json);
    }
  }
}

Batch ReadBatch(const Service& service, JsonReader& json) {
  Batch batch;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "parallel") ReadParam(json, batch.parallel);
    if (*key == "commands" && !json.SkipNull()) ReadCommands(service, json, batch.commands);
  }
  return batch;
}

// {"publish":{…}} or {"error":{…}}
void AppendReply(std::string_view name, Outcome outcome, AnswerText& out) {
  if (outcome) {
    out.Append("{\"").Append(name).Append("\":").AppendLarge(*std::move(outcome));
  } else {
    std::string error;
    AppendErrorObject(outcome.error(), error);
    out.Append(R"({"error":)").Append(error);
  }
  out.Append("}");
}

class BatchHandler final : public GatedHandler {
 public:
  // Whoever has any key may come in; each command is judged by itself.
  explicit BatchHandler(Service& service) : GatedHandler(service, Rights::kJobs) {}

  Task<http::Response> Handle(const http::Request& http) override {
    JsonReader json(http.body);
    Batch batch = ReadBatch(service_, json);
    if (const auto read = json.Finish(); !read) co_return service_.RefuseToRead(http, read.error().detail);
    if (batch.commands.size() > kBatchCommandsMax) {
      co_return http::Response::Text(413, "more than 10000 commands");
    }
    const bool has_all_rights = service_.HasAllRights(http);
    std::vector<std::string_view> names;
    for (Command& command : batch.commands) {
      command.permitted =
          has_all_rights || (command.method != nullptr && command.method->rights == Rights::kJobs);
      names.push_back(command.method != nullptr ? command.method->name.text : "");
    }
    std::vector<Outcome> outcomes =
        co_await service_.RunAll(std::move(batch.commands), batch.parallel ? kParallelWidth : 1);

    AnswerText answer;
    answer.Append(R"({"replies":[)");
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (i > 0) answer.Append(",");
      AppendReply(names[i], std::move(outcomes[i]), answer);
    }
    co_return answer.Append("]}").Respond();
  }
};

}  // namespace

std::shared_ptr<http::Handler> MakeBatchHandler(Service& service) {
  return std::make_shared<BatchHandler>(service);
}

}  // namespace tidemill::api
