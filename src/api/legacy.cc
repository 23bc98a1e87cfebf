#include "api/legacy.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/batch.h"
#include "api/gated_handler.h"

namespace tidemill::api {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Takes the first object off `rest`: up to the brace that closes it. Only its end is looked for; whether it
// is JSON is for the reader to say. nullopt: it has no end or is no object.
std::optional<std::string_view> TakeObject(std::string_view& rest) {
  if (!rest.starts_with('{')) return std::nullopt;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && c == '{') {
      ++depth;
    } else if (!in_string && c == '}' && --depth == 0) {
      return std::exchange(rest, rest.substr(i + 1)).substr(0, i + 1);
    }
  }
  return std::nullopt;
}

std::optional<Command> ReadCommand(const Service& service, std::string_view text) {
  std::string method;
  std::string_view params = "{}";
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "method") method = json.ReadString();
    if (*key == "params" && !json.SkipNull()) params = json.ReadRaw();
  }
  if (!json.Finish()) return std::nullopt;
  JsonReader inner(params);
  Command command = service.Read(method, inner);
  if (!inner.Finish()) return std::nullopt;
  return command;
}

// nullopt: some of it cannot be read, so nothing of it is to be run. No more is read than one over the limit.
std::optional<std::vector<Command>> ReadCommands(const Service& service, std::string_view body) {
  std::vector<Command> commands;
  while (true) {
    body.remove_prefix(std::min(body.find_first_not_of(kBlanks), body.size()));
    if (body.empty() || commands.size() > kBatchCommandsMax) break;
    const auto text = TakeObject(body);
    if (!text) return std::nullopt;
    auto command = ReadCommand(service, *text);
    if (!command) return std::nullopt;
    commands.push_back(*std::move(command));
  }
  if (commands.empty()) return std::nullopt;
  return commands;
}

class LegacyHandler final : public GatedHandler {
 public:
  explicit LegacyHandler(Service& service) : GatedHandler(service) {}

  Task<http::Response> Handle(const http::Request& http) override {
    auto commands = ReadCommands(service_, http.body);
    if (!commands) co_return service_.RefuseToRead(http, "not a sequence of commands in JSON");
    if (commands->size() > kBatchCommandsMax) {
      co_return http::Response::Text(413, "more than 10000 commands");
    }
    AnswerText answer;
    for (Outcome& outcome : co_await service_.RunAll(*std::move(commands), 1)) {
      if (!answer.empty()) answer.Append("\n");
      if (outcome) {
        answer.Append(R"({"result":)").AppendLarge(*std::move(outcome));
      } else {
        std::string error;
        AppendErrorObject(outcome.error(), error);
        answer.Append(R"({"error":)").Append(error);
      }
      answer.Append("}");
    }
    co_return answer.Respond();
  }
};

}  // namespace

std::shared_ptr<http::Handler> MakeLegacyHandler(Service& service) {
  return std::make_shared<LegacyHandler>(service);
}

}  // namespace tidemill::api
