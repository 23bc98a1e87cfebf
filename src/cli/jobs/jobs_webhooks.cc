#include "cli/jobs/jobs_webhooks.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct ListOptions {
  ApiOptions api;
};

struct EnableOptions {
  ApiOptions api;
  std::string queue;
};

struct WebhookRow {
  std::string queue;
  std::string url;
  std::string state;
  std::string problem;
  std::int64_t retry_in_ms = -1;  // -1: it is not waited for
  std::uint64_t sending = 0;
};

WebhookRow ReadWebhookRow(JsonReader& json) {
  WebhookRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "queue") row.queue = json.ReadString();
    if (*key == "url") row.url = json.ReadString();
    if (*key == "state") row.state = json.ReadString();
    if (*key == "problem") row.problem = json.ReadString();
    if (*key == "retry_in_ms") row.retry_in_ms = json.ReadInteger<std::int64_t>();
    if (*key == "sending") row.sending = json.ReadInteger<std::uint64_t>();
  }
  return row;
}

Result<std::string> WebhooksToText(std::string_view result) {
  Table table(
      {{"QUEUE"}, {"STATE"}, {.head = "SENDING", .is_number = true}, {"AGAIN"}, {"URL"}, {"PROBLEM"}});
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "webhooks") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const WebhookRow row = ReadWebhookRow(json);
      table.Add({row.queue, row.state, fmt::to_string(row.sending),
                 row.retry_in_ms < 0 ? "-" : "in " + Ago(row.retry_in_ms), row.url, row.problem});
    }
  }
  TM_TRY(json.Finish());
  return WithMore(table, "no queue is sent to a URL\n", "");
}

int Enable(const EnableOptions& options, Io io) {
  const auto params = JobParams([&](JsonWriter& json) { json.Member("queue", options.queue); });
  const auto done = [&](std::string_view) -> Result<std::string> {
    return fmt::format("enabled {}\n", Printable(options.queue));
  };
  return CallJobs(options.api, "jobs_webhook_enable", params, done, io);
}

}  // namespace

CommandSpec JobsWebhooksCommand() {
  const auto options = std::make_shared<ListOptions>();
  return {
      .name = "webhooks",
      .help = "Lists the queues whose jobs are sent to a URL, and how that goes",
      .examples = "  tidemill jobs webhooks\n",
      .parameters = WithApiParameters({}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return CallJobs(options->api, "jobs_webhooks", "{}", WebhooksToText, io); }};
}

CommandSpec JobsEnableCommand() {
  const auto options = std::make_shared<EnableOptions>();
  return {.name = "enable",
          .help = "Sends a queue's jobs to its URL again, after a 410 or many failures",
          .examples = "  tidemill jobs enable mail\n",
          .parameters = WithApiParameters({{"QUEUE", &options->queue, "The queue"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Enable(*options, io); }};
}

}  // namespace tidemill::cli
