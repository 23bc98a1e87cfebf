#include "jobs/faktory/parse_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "jobs/faktory/bulk_reader.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/job/timestamp.h"

namespace tidemill::faktory {
namespace {

constexpr WallTime kNow{1'764'000'000'000};
constexpr const char* kJob = R"({"jid":"12345678","jobtype":"T","args":[]})";

template <class T>
T Parsed(std::string_view line) {
  auto command = ParseCommand(line, kNow);
  if (!command) {
    ADD_FAILURE() << line << ": " << command.error().detail;
    return T{};
  }
  if (!std::holds_alternative<T>(*command)) {
    ADD_FAILURE() << line << " is alternative " << command->index();
    return T{};
  }
  return std::get<T>(*std::move(command));
}

std::string ErrorOf(std::string_view line) {
  const auto command = ParseCommand(line, kNow);
  return command ? "accepted" : command.error().detail;
}

TEST(ParseCommand, ReadsEveryVerb) {
  EXPECT_EQ(Parsed<Push>(std::string("PUSH ") + kJob).job.jid, "12345678");
  EXPECT_EQ(Parsed<PushBulk>("PUSHB [1]").jobs, "[1]");
  EXPECT_EQ(Parsed<Fetch>("FETCH critical default  bulk ").queues,
            (std::vector<std::string>{"critical", "default", "bulk"}));
  EXPECT_EQ(Parsed<Ack>(R"(ACK {"jid":"12345678"})"), (Ack{.jid = "12345678", .result = ""}));
  EXPECT_EQ(Parsed<Ack>(R"(ACK {"result": {"a": 1}, "jid":"12345678"})").result, R"({"a": 1})");
  EXPECT_EQ(Parsed<FailJob>(R"(FAIL {"jid":"12345678","errtype":"E","message":"m","backtrace":["a","b"]})"),
            (FailJob{.jid = "12345678", .error = {.type = "E", .message = "m", .backtrace = {"a", "b"}}}));
  EXPECT_EQ(Parsed<FailJob>(R"(FAIL {"jid":"12345678","backtrace":null})").error,
            (job::ErrorReport{.type = "unknown", .message = "unknown", .backtrace = {}}));
  EXPECT_EQ(Parsed<Beat>(R"(BEAT {"wid":"w1","rss_kb":54176,"current_state":"quiet"})"),
            (Beat{.wid = "w1", .rss_kb = 54176, .current_state = "quiet"}));
  EXPECT_EQ(Parsed<Beat>(R"(BEAT {"wid":"w1"})"), (Beat{.wid = "w1", .rss_kb = 0, .current_state = ""}));
  Parsed<Info>("INFO");
  Parsed<Flush>("FLUSH");
  Parsed<End>("END");
  EXPECT_EQ(Parsed<Requeue>(R"(REQUEUE {"jid":"12345678"})").jid, "12345678");
  EXPECT_EQ(Parsed<Cancel>(R"(CANCEL {"jid":"12345678"})").jid, "12345678");
}

TEST(ParseCommand, ReadsQueueCommands) {
  using enum QueueCommand::Action;
  EXPECT_EQ(Parsed<QueueCommand>("QUEUE PAUSE a b"),
            (QueueCommand{.action = kPause, .queues = {"a", "b"}, .all = false}));
  EXPECT_EQ(Parsed<QueueCommand>("QUEUE resume *"),
            (QueueCommand{.action = kResume, .queues = {}, .all = true}));
  EXPECT_EQ(Parsed<QueueCommand>("QUEUE Remove a"),
            (QueueCommand{.action = kRemove, .queues = {"a"}, .all = false}));
  EXPECT_EQ(Parsed<QueueCommand>("QUEUE LATENCY a"),
            (QueueCommand{.action = kLatency, .queues = {"a"}, .all = false}));
  EXPECT_EQ(Parsed<QueueCommand>("QUEUE LIST"), (QueueCommand{.action = kList, .queues = {}, .all = false}));
}

TEST(ParseCommand, ReadsMutate) {
  EXPECT_EQ(
      Parsed<Mutate>(R"(MUTATE {"cmd":"kill","target":"retries","filter":{"jobtype":"T","regexp":"*x*",)"
                     R"("jids":["12345678"]}})"),
      (Mutate{.action = Mutate::Action::kKill,
              .target = Mutate::Target::kRetries,
              .jids = {"12345678"},
              .jobtype = "T",
              .pattern = "*x*"}));
  // Faktory refuses JSON with a blank; there is no reason to.
  EXPECT_EQ(Parsed<Mutate>(R"(MUTATE { "cmd": "clear", "target": "dead", "filter": null })"),
            (Mutate{.action = Mutate::Action::kClear,
                    .target = Mutate::Target::kDead,
                    .jids = {},
                    .jobtype = "",
                    .pattern = ""}));
  EXPECT_EQ(Parsed<Mutate>(R"(MUTATE {"cmd":"discard","target":"scheduled"})").action,
            Mutate::Action::kDiscard);
  EXPECT_EQ(Parsed<Mutate>(R"(MUTATE {"cmd":"requeue","target":"scheduled"})").action,
            Mutate::Action::kRequeue);
}

TEST(ParseCommand, ReadsBatchesAndTracking) {
  const auto batch =
      Parsed<BatchNew>(std::string(R"(BATCH NEW {"description":"d","parent_bid":"b-parent-1","success":)") +
                       kJob + R"(,"complete":null})");
  EXPECT_EQ(batch.description, "d");
  EXPECT_EQ(batch.parent, "b-parent-1");
  EXPECT_EQ(batch.success->type, "T");
  EXPECT_FALSE(batch.complete);
  using enum BatchCommand::Action;
  EXPECT_EQ(Parsed<BatchCommand>("BATCH OPEN b-12345678"),
            (BatchCommand{.action = kOpen, .bid = "b-12345678"}));
  EXPECT_EQ(Parsed<BatchCommand>("BATCH COMMIT b-12345678"),
            (BatchCommand{.action = kCommit, .bid = "b-12345678"}));
  EXPECT_EQ(Parsed<BatchCommand>("BATCH STATUS b-12345678"),
            (BatchCommand{.action = kStatus, .bid = "b-12345678"}));

  EXPECT_EQ(Parsed<TrackGet>("TRACK GET 12345678").jid, "12345678");
  const auto track = Parsed<TrackSet>(R"(TRACK SET {"jid":"12345678","percent":32,"desc":"Working on it...",)"
                                      R"("reserve_until":"2026-01-01T00:00:00Z","checkpoint":{"row":7}})");
  EXPECT_EQ(track.jid, "12345678");
  EXPECT_EQ(track.percent, 32);
  EXPECT_EQ(track.description, "Working on it...");
  EXPECT_EQ(job::ToTimestamp(*track.reserve_until), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(track.checkpoint, R"({"row":7})");
  EXPECT_EQ(Parsed<TrackSet>(R"(TRACK SET {"jid":"12345678"})").percent, std::nullopt);
}

TEST(ParseCommand, AnswersMalformedLinesInFaktorysWords) {
  struct Case {
    const char* line;
    const char* error;
  };
  const Case cases[] = {
      {"", "unknown command "},
      {" INFO", "unknown command "},
      {"info", "unknown command info"},
      {"HELLO {}", "unknown command HELLO"},
      {"GET / HTTP/1.1", "unknown command GET"},
      {"\x16\x03\x01", "unknown command \x16\x03\x01"},
      {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "unknown command xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
      {"PUSH", "invalid JSON: a job is an object"},
      {"PUSH {}", "jobs must have a reasonable jid parameter"},
      {"FETCH", "must call fetch with at least one queue"},
      {"FETCH ", "must call fetch with at least one queue"},
      {"FETCH *", "FETCH does not support wildcards"},
      {"FETCH a:b", "queue names must match [a-zA-Z0-9._-]+, with at most 128 bytes"},
      {"ACK", "internal error"},
      {"FAIL", "internal error"},
      {"ACK 12345678", "invalid ACK: byte 0: expected an object"},
      {"ACK {}", "invalid ACK: no reasonable jid"},
      {R"(ACK {"jid":"1"})", "invalid ACK: no reasonable jid"},
      {R"(ACK {"jid":["12345678"]})", "invalid ACK: byte 7: expected a string"},
      {"FAIL {}", "invalid FAIL: no reasonable jid"},
      {R"(FAIL {"jid":"12345678","backtrace":"x"})", "invalid FAIL: byte 30: expected an array"},
      {"BEAT", "invalid BEAT: byte 0: expected an object"},
      {"BEAT {}", "invalid BEAT: no wid"},
      {R"(BEAT {"wid":"w","current_state":"asleep"})",
       "invalid BEAT: current_state is \"quiet\" or \"terminate\""},
      {"QUEUE", "no such QUEUE subcommand: "},
      {"QUEUE DROP a", "no such QUEUE subcommand: DROP"},
      {"QUEUE LATENCY *", "QUEUE LATENCY does not support wildcards"},
      {"QUEUE PAUSE", "QUEUE PAUSE needs at least one queue"},
      {"QUEUE REMOVE ../x", "queue names must match [a-zA-Z0-9._-]+, with at most 128 bytes"},
      {"MUTATE {}", "invalid target for mutation command"},
      {R"(MUTATE {"cmd":"kill","target":"queues"})", "invalid target for mutation command"},
      {R"(MUTATE {"cmd":"explode","target":"dead"})", "unknown mutate operation"},
      {R"(MUTATE {"cmd":"kill","target":"dead","filter":{"jids":[1]}})",
       "invalid MUTATE: byte 48: expected a string"},
      {"BATCH", "no such BATCH subcommand: "},
      {"BATCH open b-12345678", "no such BATCH subcommand: open"},
      {"BATCH OPEN nope", "No such batch nope"},
      {"BATCH NEW {}", "invalid BATCH NEW: a batch needs a success or complete callback"},
      {R"(BATCH NEW {"success":{}})", "jobs must have a reasonable jid parameter"},
      {R"(BATCH NEW {"parent_bid":"x"})", "invalid BATCH NEW: no reasonable parent_bid"},
      {"TRACK", "no such TRACK subcommand: "},
      {"TRACK GET x", "invalid TRACK GET: no reasonable jid"},
      {R"(TRACK SET {"jid":"12345678","percent":101})", "invalid TRACK SET: byte 31: percent is 0 to 100"},
      {R"(TRACK SET {"jid":"12345678","reserve_until":"x"})",
       "invalid TRACK SET: reserve_until is a timestamp"},
      {"REQUEUE", "invalid REQUEUE: byte 0: expected an object"},
      {"CANCEL {}", "invalid CANCEL: no reasonable jid"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    EXPECT_EQ(ErrorOf(c.line), c.error);
  }
}

TEST(ParseCommand, EveryLimitIsNamed) {
  const auto repeated = [](std::size_t count, std::string_view item, std::string_view between) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : between).append(item);
    return text;
  };
  EXPECT_EQ(ErrorOf("FETCH " + repeated(kQueuesMax, "q", " ")), "accepted");
  EXPECT_EQ(ErrorOf("FETCH " + repeated(kQueuesMax + 1, "q", " ")), "a command names at most 256 queues");
  const auto mutate = [](const std::string& filter) {
    return ErrorOf(R"(MUTATE {"cmd":"kill","target":"dead","filter":{)" + filter + "}}");
  };
  EXPECT_EQ(mutate("\"jids\":[" + repeated(kJidsMax, "\"12345678\"", ",") + "]"), "accepted");
  EXPECT_TRUE(mutate("\"jids\":[" + repeated(kJidsMax + 1, "\"12345678\"", ",") + "]")
                  .ends_with("at most 10000 jids"));
  EXPECT_EQ(mutate("\"regexp\":\"" + std::string(kPatternBytesMax, '*') + "\""), "accepted");
  EXPECT_TRUE(mutate("\"regexp\":\"" + std::string(kPatternBytesMax + 1, '*') + "\"")
                  .ends_with("at most 1024 bytes"));
  const auto ack = [](std::size_t bytes) {
    return ErrorOf(R"(ACK {"jid":"12345678","result":")" + std::string(bytes - 2, 'r') + "\"}");
  };
  EXPECT_EQ(ack(kResultBytesMax), "accepted");
  EXPECT_TRUE(ack(kResultBytesMax + 1).ends_with("result has at most 65536 bytes"));
  const std::string push = std::string("PUSH ") + kJob;
  EXPECT_TRUE(ParseCommand(push, kNow, push.size() - 5));
  EXPECT_EQ(ParseCommand(push, kNow, push.size() - 6).error().code, Errc::kLimitExceeded);
}

struct Bulk {
  std::vector<std::string> results;  // "jid: queue" or "jid: error"
  std::string finished;
};
Bulk ReadBulk(std::string_view array) {
  Bulk bulk;
  BulkReader reader(array, {.now = kNow});
  while (const auto item = reader.Next()) {
    bulk.results.push_back(item->jid + ": " + (item->job ? item->job->queue : item->job.error().detail));
  }
  const auto finished = reader.Finish();
  bulk.finished = finished ? "ok" : finished.error().detail;
  return bulk;
}

TEST(BulkReader, GivesEachJobOrWhyItIsRefused) {
  const Bulk bulk =
      ReadBulk(R"([{"jid":"12345678","jobtype":"T","args":[]}, {"jid":"1234","jobtype":"T","args":[]},)"
               R"({"jid":"abcdefgh","args":[]},{"jid":5}])");
  EXPECT_EQ(bulk.finished, "ok");
  ASSERT_EQ(bulk.results.size(), 4U);
  EXPECT_EQ(bulk.results[0], "12345678: default");
  EXPECT_EQ(bulk.results[1], "1234: jobs must have a reasonable jid parameter");
  EXPECT_EQ(bulk.results[2], "abcdefgh: jobs must have a jobtype parameter");
  EXPECT_EQ(bulk.results[3], ": jobs must have a reasonable jid parameter");
  EXPECT_EQ(ReadBulk("[]").finished, "ok");
}

TEST(BulkReader, TheWholeMustBeJson) {
  EXPECT_EQ(ReadBulk("").finished, "invalid JSON: byte 0: expected an array");
  EXPECT_EQ(ReadBulk("{}").finished, "invalid JSON: byte 0: expected an array");
  EXPECT_EQ(ReadBulk("[5]").finished, "invalid JSON: byte 1: a job is an object");
  EXPECT_EQ(ReadBulk("[{}] x").finished, "invalid JSON: byte 5: text after the value");
  const Bulk cut = ReadBulk(R"([{"jid":"12345678","jobtype":"T","args":[]},)");
  EXPECT_EQ(cut.results.size(), 1U);
  EXPECT_TRUE(cut.finished.starts_with("invalid JSON: "));
}

TEST(BulkReader, ItsJobsHaveALimit) {
  std::string jobs = "[{}";
  for (std::size_t i = 1; i < kBulkJobsMax; ++i) jobs += ",{}";
  EXPECT_EQ(ReadBulk(jobs + "]").finished, "ok");
  const Bulk bulk = ReadBulk(jobs + ",{}]");
  EXPECT_EQ(bulk.results.size(), kBulkJobsMax);
  EXPECT_EQ(bulk.finished, "PUSHB takes at most 20000 jobs");
}

// What the official clients write, pipelined, cut at every place.
TEST(Conversation, IsTheSameHoweverItIsCut) {
  const std::string bytes = std::string("PUSH ") + kJob +
                            "\r\nFETCH critical default\nBEAT {\"wid\":\"w\"}\r\nNONSENSE\r\n" +
                            "ACK {\"jid\":\"12345678\"}\r\nACK\r\nQUEUE PAUSE *\nEND\r\n";
  const auto read = [&](std::size_t piece) {
    std::vector<Result<Command>> commands;
    LineReader reader;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      reader.Feed(rest.substr(0, piece));
      rest.remove_prefix(std::min(piece, rest.size()));
      while (const auto line = reader.Next().value()) commands.push_back(ParseCommand(*line, kNow));
    }
    return commands;
  };
  const auto whole = read(bytes.size());
  EXPECT_EQ(whole.size(), 8U);
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) EXPECT_TRUE(read(piece) == whole) << piece;
}

}  // namespace
}  // namespace tidemill::faktory
