#include "cli/jobs/worker_messages.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

TEST(WorkerMessages, ReadsWhatIsFetched) {
  const auto got = ParseFetchAnswer(
      R"({"jobs":[{"job":{"jid":"a1234567","jobtype":"Send","queue":"mail","args":[1, {"b":2}],"retry":25},)"
      R"("attempt":2,"reserved_until":"2026-11-27T14:00:00.000Z"}],"state":"quiet"})");
  ASSERT_TRUE(got);
  EXPECT_EQ(
      got->job,
      (FetchedJob{
          .jid = "a1234567", .type = "Send", .queue = "mail", .args = R"([1, {"b":2}])", .attempt = 2}));
  EXPECT_EQ(got->state, "quiet");
  EXPECT_FALSE(ParseFetchAnswer(R"({"jobs":[]})")->job);
  EXPECT_FALSE(ParseFetchAnswer(R"({"jobs":)"));
}

TEST(WorkerMessages, AFailureSaysHowItEndedAndWhatWasSaidLast) {
  JobOutput output;
  EXPECT_EQ(FailParams("a1234567", {.code = 2}, "", output),
            R"({"jid":"a1234567","errtype":"exit 2","message":"exit 2","backtrace":[]})");
  output.OnOutput(Stream::kErr, "Traceback\nKeyError: 'to'\n");
  EXPECT_EQ(FailParams("a1234567", {.signal = 9}, "", output),
            R"({"jid":"a1234567","errtype":"signal 9","message":"KeyError: 'to'",)"
            R"("backtrace":["Traceback","KeyError: 'to'"]})");
  EXPECT_TRUE(
      FailParams("a1234567", {.signal = 15}, "timed out", output).contains(R"("errtype":"timed out")"));
}

TEST(WorkerMessages, ProgressTakesWhatIsNew) {
  JobOutput output;
  output.OnOutput(Stream::kOut, "::progress 40 page 4\none\ntwo\n");
  EXPECT_EQ(ProgressParams("a1234567", 120, output, 1),
            R"({"jid":"a1234567","reserve_for":120,"percent":40,"desc":"page 4","log":["one"]})");
  EXPECT_EQ(ProgressParams("a1234567", 120, output, 9),
            R"({"jid":"a1234567","reserve_for":120,"log":["two"]})");
  EXPECT_EQ(ProgressParams("a1234567", 120, output, 9), R"({"jid":"a1234567","reserve_for":120})");
  EXPECT_TRUE(ParseCancelled(R"({"cancelled":true})"));
  EXPECT_FALSE(ParseCancelled("{}"));
  EXPECT_EQ(ParseState(R"({"state":"terminate"})"), "terminate");
}

}  // namespace
}  // namespace tidemill::cli
