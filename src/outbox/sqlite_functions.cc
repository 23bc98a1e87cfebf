#include "outbox/sqlite_functions.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/random.h"
#include "jobs/job/job.h"
#include "outbox/channel_sink.h"

namespace tidemill::outbox {
namespace {

using sqlite::Function;
using sqlite::FunctionArguments;
using sqlite::FunctionRun;

Result<std::string> TextOf(FunctionArguments arguments, std::size_t i, std::string_view name) {
  if (i < arguments.size() && arguments[i]) return *arguments[i];
  return Fail(Errc::kInvalidArgument, std::string(name) + " must not be null");
}

Result<std::string> JsonOf(FunctionArguments arguments, std::size_t i, std::string_view name) {
  TM_TRY_ASSIGN(std::string text, TextOf(arguments, i, name));
  if (IsJson(text)) return text;
  return Fail(Errc::kInvalidArgument, std::string(name) + " must be JSON");
}

// The last argument: a JSON object; absent or null: an empty one.
Result<std::string> OptionsOf(FunctionArguments arguments, std::size_t i) {
  if (i >= arguments.size() || !arguments[i]) return "{}";
  if (IsJsonObject(*arguments[i])) return *arguments[i];
  return Fail(Errc::kInvalidArgument, "options must be a JSON object");
}

struct PublishOptions {
  std::string key;
  std::string rest;  // of the entry; "": none
};

// What is null counts as absent.
Result<PublishOptions> Split(const std::string& options) {
  PublishOptions split;
  JsonReader json(options);
  JsonWriter rest(split.rest);
  json.EnterObject();
  rest.BeginObject();
  while (const auto key = json.NextKey()) {
    if (json.SkipNull()) continue;
    if (*key == "key") {
      split.key = json.ReadString();
      continue;
    }
    rest.DynamicKey(*key);
    rest.Raw(json.ReadRaw());
  }
  rest.EndObject();
  TM_TRY(json.Finish());
  if (split.rest == "{}") split.rest.clear();
  broker::PublishCall call;
  TM_TRY(ReadChannelOptions(split.rest, call));
  return split;
}

Result<FunctionRun> Publish(FunctionArguments arguments) {
  static const sql::Statement kInsert(
      "insert into tidemill_outbox (target, key, data, options) values (?1, ?2, ?3, ?4)");
  TM_TRY_ASSIGN(std::string channel, TextOf(arguments, 0, "channel"));
  TM_TRY_ASSIGN(std::string data, JsonOf(arguments, 1, "data"));
  TM_TRY_ASSIGN(const std::string options, OptionsOf(arguments, 2));
  TM_TRY_ASSIGN(PublishOptions split, Split(options));
  return FunctionRun{
      .statement = kInsert,
      .parameters = {std::move(channel), std::move(split.key), std::move(data), std::move(split.rest)},
      .result = {}};
}

struct Enqueued {
  std::string jobtype;
  std::string args;
  std::string queue;    // "": as the options say
  std::string options;  // members of the job
};

// The same that a producer of Faktory sends.
Result<FunctionRun> EnqueueJob(const Enqueued& given) {
  static const sql::Statement kInsert("insert into tidemill_jobs_inbox (job) values (?1)");
  std::string jid = "q" + Uuid::Random().ToString();
  std::erase(jid, '-');
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("jobtype", given.jobtype);
  json.RawMember("args", given.args);
  if (!given.queue.empty()) json.Member("queue", given.queue);
  JsonReader options(given.options);
  options.EnterObject();
  while (const auto key = options.NextKey()) {
    if (*key == "jid") {
      jid = options.ReadString();
      continue;
    }
    const bool is_run_at = *key == "run_at";
    if (*key == "jobtype" || *key == "args" || (*key == "queue" && !given.queue.empty())) {
      return Fail(Errc::kInvalidArgument, "options cannot have " + std::string(*key));
    }
    json.DynamicKey(is_run_at ? "at" : *key);
    json.Raw(options.ReadRaw());
  }
  TM_TRY(options.Finish());
  json.Member("jid", jid);
  json.EndObject();
  TM_TRY(job::ParseJob(text, SystemClock().WallNow()));
  return FunctionRun{.statement = kInsert, .parameters = {std::move(text)}, .result = std::move(jid)};
}

Result<FunctionRun> Enqueue(FunctionArguments arguments) {
  Enqueued given;
  TM_TRY_ASSIGN(given.jobtype, TextOf(arguments, 0, "jobtype"));
  given.args = "[]";
  if (arguments.size() > 1) {
    TM_TRY_ASSIGN(given.args, JsonOf(arguments, 1, "args"));
  }
  TM_TRY_ASSIGN(given.options, OptionsOf(arguments, 2));
  return EnqueueJob(given);
}

Result<FunctionRun> Webhook(FunctionArguments arguments) {
  Enqueued given{.jobtype = "webhook", .args = {}, .queue = {}, .options = {}};
  TM_TRY_ASSIGN(given.queue, TextOf(arguments, 0, "name"));
  TM_TRY_ASSIGN(const std::string payload, JsonOf(arguments, 1, "payload"));
  given.args = "[" + payload + "]";
  TM_TRY_ASSIGN(given.options, OptionsOf(arguments, 2));
  return EnqueueJob(given);
}

}  // namespace

std::vector<std::shared_ptr<const Function>> SqliteFunctions(const SqliteFunctionOptions& options) {
  std::vector<std::shared_ptr<const Function>> functions;
  const auto add = [&functions](Function function) {
    functions.push_back(std::make_shared<const Function>(std::move(function)));
  };
  if (options.publishes) {
    add({.name = "tidemill_publish",
         .arguments_min = 2,
         .arguments_max = 3,
         .call = Publish,
         .committed = options.published});
  }
  if (options.enqueues) {
    add({.name = "tidemill_enqueue",
         .arguments_min = 1,
         .arguments_max = 3,
         .call = Enqueue,
         .committed = options.enqueued});
    add({.name = "tidemill_webhook",
         .arguments_min = 2,
         .arguments_max = 3,
         .call = Webhook,
         .committed = options.enqueued});
  }
  return functions;
}

}  // namespace tidemill::outbox
