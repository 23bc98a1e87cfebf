#include "cli/jobs/jobs_make.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "cli/jobs/jobs_call.h"
#include "cli/jobs/push_lines.h"
#include "cli/line_reader.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kWorkflowBytesMax = 16 << 20;

struct BatchOptions {
  ApiOptions api;
  std::string description;
  std::string parent;
  std::string success;
  std::string complete;
};

struct WorkflowOptions {
  ApiOptions api;
};

Result<std::string> ReadText(std::string_view member, std::string_view result) {
  std::string text;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == member) text = json.ReadString();
  }
  TM_TRY(json.Finish());
  return text;
}

std::string BatchParams(const BatchOptions& options) {
  return JobParams([&](JsonWriter& json) {
    if (!options.description.empty()) json.Member("description", options.description);
    if (!options.parent.empty()) json.Member("parent", options.parent);
    if (!options.success.empty()) json.RawMember("success", options.success);
    if (!options.complete.empty()) json.RawMember("complete", options.complete);
  });
}

Result<std::string> NewBatch(ApiClient& client, const BatchOptions& options) {
  TM_TRY_ASSIGN(const std::string result, client.Call("jobs_batch_new", BatchParams(options)));
  return ReadText("bid", result);
}

// The callbacks come once it is committed, so one of which a line was refused is not.
int PushBatch(const BatchOptions& options, Io io) {
  for (const std::string* callback : {&options.success, &options.complete}) {
    if (!callback->empty() && !IsJsonObject(*callback)) {
      return Misused(io, R"(a callback is a job in JSON; write '{"jobtype":"report","args":[]}')");
    }
  }
  if (options.success.empty() && options.complete.empty()) {
    return Misused(io, "a batch has --success or --complete, a job that comes when the others are done");
  }
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  const Result<std::string> bid = NewBatch(**client, options);
  if (!bid) return Failed(io, JobsHint(bid.error()));
  const JobLinesOptions lines{.json = options.api.json, .batch = *bid};
  if (const int code = PushJobLines(**client, lines, STDIN_FILENO, io); code != kDone) {
    Failed(io, fmt::format("batch {} is not committed: its callbacks do not come", *bid));
    return code;
  }
  const Result<std::string> committed =
      (*client)->Call("jobs_batch_commit", JobParams([&](JsonWriter& json) { json.Member("bid", *bid); }));
  if (!committed) return Failed(io, JobsHint(committed.error()));
  Print(io, options.api.json ? fmt::format("{{\"bid\":\"{}\"}}\n", *bid) : fmt::format("batch {}\n", *bid));
  return kDone;
}

Result<std::string> ReadAll(int input) {
  LineReader reader(input, {});
  std::string text;
  while (true) {
    TM_TRY_ASSIGN(const std::vector<Line> lines, reader.Next());
    if (lines.empty()) return text;
    for (const Line& line : lines) text.append(line.text).append("\n");
    if (text.size() > kWorkflowBytesMax) {
      return Fail(Errc::kLimitExceeded, "a workflow has at most 16 MiB");
    }
  }
}

// What is no document of its own is a job on each line.
std::string AsDocument(std::string text) {
  if (IsJson(text)) {
    JsonReader json(text);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "jobs") return text;
    }
  }
  std::string document = R"({"jobs":[)";
  std::string_view separator = "";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    document.append(std::exchange(separator, ",")).append(text, at, end - at);
    at = end + 1;
  }
  return document + "]}";
}

int PushWorkflow(const WorkflowOptions& options, Io io) {
  Result<std::string> text = ReadAll(STDIN_FILENO);
  if (!text) return Failed(io, text.error().detail);
  std::string document = AsDocument(*std::move(text));
  if (!IsJsonObject(document)) {
    return Failed(
        io, R"(not JSON; a job on each line: {"name":"b","job":{"jobtype":"t","args":[]},"after":["a"]})");
  }
  const auto to_text = [](std::string_view result) -> Result<std::string> {
    TM_TRY_ASSIGN(const std::string id, ReadText("workflow", result));
    return fmt::format("workflow {}\n", Printable(id));
  };
  return CallJobs(options.api, "jobs_workflow_push", std::move(document), to_text, io);
}

}  // namespace

CommandSpec JobsBatchPushCommand() {
  const auto options = std::make_shared<BatchOptions>();
  return {.name = "batch-push",
          .help = "Pushes the JSON jobs in the lines of standard input as a batch",
          .examples =
              "  tidemill jobs batch-push --success '{\"jobtype\":\"report\",\"args\":[]}' < jobs.ndjson\n",
          .parameters = WithApiParameters(
              {{"--success", &options->success, "A JSON job that comes when all of them are done"},
               {"--complete", &options->complete, "A JSON job that comes when all of them have run once"},
               {"--description", &options->description, "What it is, for people"},
               {"--parent", &options->parent, "A batch that waits for this one"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return PushBatch(*options, io); }};
}

CommandSpec JobsWorkflowPushCommand() {
  const auto options = std::make_shared<WorkflowOptions>();
  return {
      .name = "workflow-push",
      .help = "Pushes jobs that wait for one another: a JSON line for each in standard input",
      .examples =
          "  tidemill jobs workflow-push < nodes.ndjson   # {\"name\":\"b\",\"job\":{…},\"after\":[\"a\"]}\n",
      .parameters = WithApiParameters({}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return PushWorkflow(*options, io); }};
}

}  // namespace tidemill::cli
