#include "cli/jobs/job_line.h"

namespace tidemill::cli {
namespace {

void ReadFailure(JsonReader& json, JobLine& line) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "message") line.error = json.ReadString();
  }
}

void ReadText(JsonReader& json, JobLine& line) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "args") JsonWriter(line.args).RawOnOneLine(json.ReadRaw());
    if (*key == "failure") ReadFailure(json, line);
  }
}

}  // namespace

JobLine ReadJobLine(JsonReader& json) {
  JobLine line;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jid") line.jid = json.ReadString();
    if (*key == "jobtype") line.type = json.ReadString();
    if (*key == "queue") line.queue = json.ReadString();
    if (*key == "state") line.state = json.ReadString();
    if (*key == "at") line.at = json.ReadString();
    if (*key == "worker") line.worker = json.ReadString();
    if (*key == "job") ReadText(json, line);
  }
  return line;
}

}  // namespace tidemill::cli
