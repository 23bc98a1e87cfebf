#include "jobs/faktory/parse_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "jobs/faktory/arguments.h"
#include "jobs/job/names.h"

namespace tidemill::faktory {
namespace {

std::unexpected<Error> Wrong(std::string what) { return Fail(Errc::kInvalidArgument, std::move(what)); }

// What is said again in an answer.
std::string_view Shown(std::string_view word) { return word.substr(0, 32); }

// Takes the first word, and the blank behind it, from the front of `text`.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

struct Queues {
  std::vector<std::string> names;
  bool all = false;
};

Result<Queues> ParseQueues(std::string_view text) {
  Queues queues;
  while (!text.empty()) {
    const std::string_view name = TakeWord(text);
    if (name.empty()) continue;
    if (name == "*") {
      queues.all = true;
      continue;
    }
    if (!job::IsQueueName(name)) {
      return Wrong(
          fmt::format("queue names must match [a-zA-Z0-9._-]+, with at most {} bytes", job::kQueueBytesMax));
    }
    if (queues.names.size() == kQueuesMax) {
      return Fail(Errc::kLimitExceeded, fmt::format("a command names at most {} queues", kQueuesMax));
    }
    queues.names.emplace_back(name);
  }
  return queues;
}

Result<Command> ParseFetch(std::string_view text) {
  TM_TRY_ASSIGN(Queues queues, ParseQueues(text));
  if (queues.all) return Wrong("FETCH does not support wildcards");
  if (queues.names.empty()) return Wrong("must call fetch with at least one queue");
  return Fetch{.queues = std::move(queues.names)};
}

Result<Command> ParseQueue(std::string_view text) {
  using enum QueueCommand::Action;
  constexpr std::array<std::pair<std::string_view, QueueCommand::Action>, 5> kActions = {
      {{"PAUSE", kPause}, {"RESUME", kResume}, {"REMOVE", kRemove}, {"LATENCY", kLatency}, {"LIST", kList}}};
  const std::string_view word = TakeWord(text);
  for (const auto& [name, action] : kActions) {
    if (!EqualIgnoringCase(word, name)) continue;
    TM_TRY_ASSIGN(Queues queues, ParseQueues(text));
    if (action == kLatency && queues.all) return Wrong("QUEUE LATENCY does not support wildcards");
    if (action != kList && !queues.all && queues.names.empty()) {
      return Wrong(fmt::format("QUEUE {} needs at least one queue", name));
    }
    return QueueCommand{.action = action, .queues = std::move(queues.names), .all = queues.all};
  }
  return Wrong(fmt::format("no such QUEUE subcommand: {}", Shown(word)));
}

Result<Command> ParseBatch(std::string_view text, JobContext context) {
  using enum BatchCommand::Action;
  constexpr std::array<std::pair<std::string_view, BatchCommand::Action>, 3> kActions = {
      {{"OPEN", kOpen}, {"COMMIT", kCommit}, {"STATUS", kStatus}}};
  const std::string_view word = TakeWord(text);
  if (word == "NEW") return ParseBatchNew(text, context);
  for (const auto& [name, action] : kActions) {
    if (word != name) continue;
    if (!job::IsJid(text)) return Wrong(fmt::format("No such batch {}", Shown(text)));
    return BatchCommand{.action = action, .bid = std::string(text)};
  }
  return Wrong(fmt::format("no such BATCH subcommand: {}", Shown(word)));
}

Result<Command> ParseTrack(std::string_view text) {
  const std::string_view word = TakeWord(text);
  if (word == "SET") return ParseTrackSet(text);
  if (word != "GET") return Wrong(fmt::format("no such TRACK subcommand: {}", Shown(word)));
  if (!job::IsJid(text)) return Wrong("invalid TRACK GET: no reasonable jid");
  return TrackGet{.jid = std::string(text)};
}

Result<Command> ParsePush(std::string_view text, JobContext context) {
  TM_TRY_ASSIGN(job::Job job, job::ParseJob(text, context.now, context.bytes_max));
  return Push{.job = std::move(job)};
}

}  // namespace

Result<Command> ParseCommand(std::string_view line, WallTime now, std::size_t job_bytes_max) {
  const JobContext context{.now = now, .bytes_max = job_bytes_max};
  const std::string_view verb = TakeWord(line);
  if (verb == "PUSH") return ParsePush(line, context);
  if (verb == "PUSHB") return PushBulk{.jobs = std::string(line)};
  if (verb == "FETCH") return ParseFetch(line);
  // Faktory takes the argument of a bare ACK or FAIL from behind the line's end, and says so.
  if ((verb == "ACK" || verb == "FAIL") && line.empty()) return Wrong("internal error");
  if (verb == "ACK") return ParseAck(line);
  if (verb == "FAIL") return ParseFail(line);
  if (verb == "BEAT") return ParseBeat(line);
  if (verb == "INFO") return Info{};
  if (verb == "FLUSH") return Flush{};
  if (verb == "END") return End{};
  if (verb == "QUEUE") return ParseQueue(line);
  if (verb == "MUTATE") return ParseMutate(line);
  if (verb == "BATCH") return ParseBatch(line, context);
  if (verb == "TRACK") return ParseTrack(line);
  if (verb == "REQUEUE" || verb == "CANCEL") {
    TM_TRY_ASSIGN(std::string jid, ParseJid(verb, line));
    if (verb == "CANCEL") return Cancel{.jid = std::move(jid)};
    return Requeue{.jid = std::move(jid)};
  }
  return Wrong(fmt::format("unknown command {}", Shown(verb)));
}

}  // namespace tidemill::faktory
