#include "jobs/job/job.h"

#include <gtest/gtest.h>

#include <string>

#include "jobs/job/custom.h"
#include "jobs/job/names.h"
#include "jobs/job/timestamp.h"
#include "jobs/job/unique_key.h"

namespace tidemill::job {
namespace {

constexpr WallTime kNow{1'764'000'000'123};  // 2025-11-24T16:00:00.123Z

std::string Text(const Job& job) {
  std::string text;
  AppendText(job, text);
  return text;
}

Job Parsed(std::string_view text) {
  auto job = ParseJob(text, kNow);
  if (!job) ADD_FAILURE() << text << ": " << job.error().detail;
  return job ? *std::move(job) : Job{};
}

std::string ErrorOf(std::string_view text) {
  const auto job = ParseJob(text, kNow);
  return job ? "accepted" : job.error().detail;
}

// A job with `members` beside the three that it must have.
std::string With(std::string_view members) {
  return R"({"jid":"12345678","jobtype":"T","args":[],)" + std::string(members) + "}";
}
std::string WithCustom(std::string_view members) {
  return With(R"("custom":{)" + std::string(members) + "}");
}

TEST(ParseJob, ReadsWhatItActsOn) {
  const Job job = Parsed(R"({"jid":"abcdefgh1","jobtype":"SendMail","args":[1,"x"],)"
                         R"("queue":"mail","retry":3,)"
                         R"("reserve_for":120,"at":"2026-01-02T03:04:05.678901234Z","priority":9,)"
                         R"("custom":{"track":1,"bid":"b-12345678","unique_for":60.5,)"
                         R"("unique_until":"start",)"
                         R"("expires_at":"2026-02-01T00:00:00+01:00","retry_schedule":[5,0.5]}})");
  EXPECT_EQ(job.jid, "abcdefgh1");
  EXPECT_EQ(job.type, "SendMail");
  EXPECT_EQ(job.queue, "mail");
  EXPECT_EQ(job.retry, 3);
  EXPECT_EQ(job.reserve_for, Seconds(120));
  EXPECT_EQ(job.priority, 9);
  EXPECT_EQ(ToTimestamp(*job.at), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(ToTimestamp(*job.expires_at), "2026-01-31T23:00:00.000Z");
  EXPECT_TRUE(job.is_tracked);
  EXPECT_EQ(job.batch, "b-12345678");
  ASSERT_TRUE(job.unique);
  EXPECT_EQ(job.unique->held_for, Milliseconds(60'500));
  EXPECT_EQ(job.unique->until, Unique::Until::kStart);
  EXPECT_EQ(job.retry_schedule, (std::vector{Seconds(5), Milliseconds(500)}));
}

TEST(ParseJob, AddsWhatIsMissingAndKeepsTheRestByteForByte) {
  struct Case {
    const char* text;
    const char* stored;
  };
  const Case cases[] = {
      {R"({"jid":"12345678","jobtype":"T","args":[]})",
       R"({"jid":"12345678","jobtype":"T","args":[],"queue":"default","retry":25,)"
       R"("created_at":"2025-11-24T16:00:00.123Z"})"},
      // Python writes blanks; MUTATE searches for text without them.
      {"{ \"jid\": \"12345678\",\t\"jobtype\" : \"T\" ,\r \"args\": [1, {\"a b\": \" \\\" \"}] }",
       R"({"jid":"12345678","jobtype":"T","args":[1,{"a b":" \" "}],"queue":"default","retry":25,)"
       R"("created_at":"2025-11-24T16:00:00.123Z"})"},
      // Numbers and escapes stay as they were written; so do members and order that nobody here knows.
      {R"({"z":1e2,"args":[12345678901234567890,1.10,"\u0041\/"],"created_at":"yesterday",)"
       R"("retry":0,"jobtype":"T",)"
       R"("queue":"q","\u006aid":"12345678","custom":{"_x":{}}})",
       R"({"z":1e2,"args":[12345678901234567890,1.10,"\u0041\/"],"created_at":"yesterday",)"
       R"("retry":0,"jobtype":"T",)"
       R"("queue":"q","\u006aid":"12345678","custom":{"_x":{}}})"},
      // null and "" are what is not there.
      {R"({"queue":"","retry":null,"at":"","reserve_for":null,"jid":"12345678",)"
       R"("custom":null,"jobtype":"T","args":[],)"
       R"("failure":null,"priority":null,"created_at":null,"enqueued_at":"","x":null,"y":""})",
       R"({"jid":"12345678","jobtype":"T","args":[],"x":null,"y":"","queue":"default","retry":25,)"
       R"("created_at":"2025-11-24T16:00:00.123Z"})"},
      // What the server writes stands at the end.
      {R"({"enqueued_at":"2025-01-01T00:00:00Z","jid":"12345678","jobtype":"T","args":[],)"
       R"("queue":"q","retry":1,)"
       R"("created_at":"c","failure":{"retry_count":2,"remaining":3,"failed_at":"2025-01-01T00:00:00Z",)"
       R"("next_at":"2025-01-01T00:01:00Z","message":"m","errtype":"e","backtrace":["a",)"
       R"("b"],"other":1},"u":[]})",
       R"({"jid":"12345678","jobtype":"T","args":[],"queue":"q","retry":1,"created_at":"c","u":[],)"
       R"("enqueued_at":"2025-01-01T00:00:00.000Z","failure":{"retry_count":2,"remaining":3,)"
       R"("failed_at":"2025-01-01T00:00:00.000Z","next_at":"2025-01-01T00:01:00.000Z",)"
       R"("message":"m","errtype":"e",)"
       R"("backtrace":["a","b"]}})"},
  };
  for (const Case& c : cases) {
    const Job job = Parsed(c.text);
    EXPECT_EQ(Text(job), c.stored);
    EXPECT_EQ(Parsed(c.stored), job) << "reading it again gives the same job";
  }
}

TEST(ParseJob, RefusesAsFaktoryDoesInOneLine) {
  struct Case {
    std::string text;
    const char* error;
  };
  const Case cases[] = {
      {"", "invalid JSON: a job is an object"},
      {"[]", "invalid JSON: a job is an object"},
      {"{", "invalid JSON: byte 1: expected a key"},
      {R"({"jid":"12345678"} x)", "invalid JSON: byte 19: text after the value"},
      {"{}", "jobs must have a reasonable jid parameter"},
      {R"({"jobtype":"T","args":[]})", "jobs must have a reasonable jid parameter"},
      {R"({"jid":"1234567","jobtype":"T","args":[]})", "jobs must have a reasonable jid parameter"},
      {R"({"jid":12345678,"jobtype":"T","args":[]})", "jobs must have a reasonable jid parameter"},
      {R"({"JID":"12345678","jobtype":"T","args":[]})", "jobs must have a reasonable jid parameter"},
      {R"({"jid":"12345678","args":[]})", "jobs must have a jobtype parameter"},
      {R"({"jid":"12345678","jobtype":"","args":[]})", "jobs must have a jobtype parameter"},
      {R"({"jid":"12345678","jobtype":{},"args":[]})", "jobs must have a jobtype parameter"},
      {R"({"jid":"12345678","jobtype":"T"})", "jobs must have an args parameter"},
      {R"({"jid":"12345678","jobtype":"T","args":null})", "jobs must have an args parameter"},
      {R"({"jid":"12345678","jobtype":"T","args":{}})", "jobs must have an args parameter"},
      {R"({"jid":"12345678","jid":"87654321","jobtype":"T","args":[]})", "invalid JSON: jid is there twice"},
      {R"({"jid":"12345678","\u006aid":"87654321","jobtype":"T","args":[]})",
       "invalid JSON: jid is there twice"},
      {With(R"("queue":"a b")"), "queue names must match [a-zA-Z0-9._-]+, with at most 128 bytes"},
      {With(R"("queue":7)"), "invalid JSON: queue must be a string"},
      {With(R"("retry":1.5)"), "invalid JSON: retry must be an integer"},
      {With(R"("retry":"3")"), "invalid JSON: retry must be an integer"},
      {With(R"("retry":99999999999999999999)"), "invalid JSON: retry must be an integer"},
      {With(R"("retry":-2)"), "retry must be -1 to 1000"},
      {With(R"("retry":1001)"), "retry must be -1 to 1000"},
      {With(R"("reserve_for":86401)"), "jobs cannot be reserved for more than one day"},
      {With(R"("reserve_for":-1)"), "reserve_for must not be negative"},
      {With(R"("priority":0)"), "priority must be 1 to 9"},
      {With(R"("priority":10)"), "priority must be 1 to 9"},
      {With(R"("at":"tomorrow\r\n+OK")"), "invalid timestamp for 'at': expected like 2026-12-24T18:00:00Z"},
      {With(R"("at":1764000000)"), "invalid JSON: at must be a string"},
      {With(R"("created_at":5)"), "invalid JSON: created_at must be a string"},
      {With(R"("custom":[])"), "custom must be an object"},
      {With(R"("failure":{"retry_count":-1})"), "invalid JSON: failure: byte 17: number out of range"},
      {WithCustom(R"("unique_for":0.5)"), "custom.unique_for must be a number of seconds from 1 to 31622400"},
      {WithCustom(R"("unique_for":"60")"),
       "custom.unique_for must be a number of seconds from 1 to 31622400"},
      {WithCustom(R"("unique_for":60,"unique_until":"later")"),
       "custom.unique_until must be \"success\" or \"start\""},
      {WithCustom(R"("unique_key":7)"), "custom.unique_key must be a string of at most 256 bytes"},
      {WithCustom(R"("expires_at":"soon")"),
       "custom.expires_at must be a timestamp like 2026-12-24T18:00:00Z"},
      {WithCustom(R"("expires_in":-1)"), "custom.expires_in must be a number of seconds from 0 to 31622400"},
      {With(R"("created_at":"c","custom":{"expires_in":1})"),
       "custom.expires_in must be beside a created_at that is a timestamp"},
      {WithCustom(R"("track":2)"), "custom.track must be 1 or 0"},
      {WithCustom(R"("bid":"")"), "custom.bid must be the id of a batch"},
      {WithCustom(R"("retry_schedule":5)"), "custom.retry_schedule must be a list of seconds"},
      {WithCustom(R"("retry_schedule":[-1])"),
       "custom.retry_schedule must be a number of seconds from 0 to 31622400"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ErrorOf(c.text), c.error);
    EXPECT_FALSE(ErrorOf(c.text).contains('\n'));
  }
}

TEST(ParseJob, AcceptsTheEdges) {
  for (const auto& text : {With(R"("retry":-1)"), With(R"("retry":1000)"), With(R"("reserve_for":86400)"),
                           With(R"("reserve_for":0)"), With(R"("priority":1)"), With(R"("backtrace":true)"),
                           WithCustom(R"("unique_for":1)"), WithCustom(R"("unique_until":"start")"),
                           WithCustom(R"("track":true)"), WithCustom(R"("track":null,"mine":[1,{}])")}) {
    EXPECT_EQ(ErrorOf(text), "accepted") << text;
  }
  EXPECT_EQ(Parsed(With(R"("reserve_for":0)")).reserve_for, kReserveDefault);
  EXPECT_FALSE(Parsed(WithCustom(R"("unique_until":"start")")).unique)
      << "without unique_for nothing is locked";
}

TEST(ParseJob, EveryLimitIsNamed) {
  const std::string text = With(R"("x":1)");
  const auto refused = ParseJob(text, kNow, text.size() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            (Error{Errc::kLimitExceeded, "a job has at most " + std::to_string(text.size() - 1) + " bytes"}));
  EXPECT_TRUE(ParseJob(text, kNow, text.size()));

  std::string members;
  for (std::size_t i = 3; i < kMembersMax; ++i) members += R"("m":0,)";
  members.pop_back();
  EXPECT_EQ(ErrorOf(With(members)), "accepted");
  EXPECT_EQ(ErrorOf(With(members + R"(,"m":0)")), "a job has at most 1000 members");

  const auto with_args = [](std::size_t bytes, std::string_view custom) {
    return R"({"jid":"12345678","jobtype":"T","args":[")" + std::string(bytes - 4, 'x') + R"("],"custom":{)" +
           std::string(custom) + "}}";
  };
  EXPECT_EQ(ErrorOf(with_args(kUniqueArgsBytesMax, R"("unique_for":1)")), "accepted");
  EXPECT_EQ(ErrorOf(with_args(kUniqueArgsBytesMax + 1, R"("unique_for":1)")),
            "the args of a unique job have at most 65536 bytes; give it a custom.unique_key");
  EXPECT_EQ(ErrorOf(with_args(kUniqueArgsBytesMax + 1, R"("unique_for":1,"unique_key":"k")")), "accepted");

  std::string delays;
  for (std::size_t i = 0; i < kRetryScheduleMax; ++i) delays += "1,";
  EXPECT_EQ(ErrorOf(WithCustom(R"("retry_schedule":[)" + delays + "1]")),
            "custom.retry_schedule must be a list of at most 100 numbers");
  delays.pop_back();
  EXPECT_EQ(ErrorOf(WithCustom(R"("retry_schedule":[)" + delays + "]")), "accepted");
}

// In Faktory before 1.10 a queue's name could be the key of another of the server's sets.
TEST(Names, MeanNothingAnywhereElse) {
  for (const char* name : {"default", "a", "A.b_c-9", "..."}) EXPECT_TRUE(IsQueueName(name)) << name;
  for (const char* name :
       {"", ".", "..", "a b", "a/b", "a:b", "*", "q\n", "q\r\nFLUSH", "\xc3\xa9", "~", "%61"}) {
    EXPECT_FALSE(IsQueueName(name)) << name;
  }
  EXPECT_FALSE(IsQueueName(std::string_view("a\0b", 3)));
  EXPECT_TRUE(IsQueueName(std::string(128, 'q')));
  EXPECT_FALSE(IsQueueName(std::string(129, 'q')));

  EXPECT_TRUE(IsJid("12345678"));
  EXPECT_TRUE(IsJid("3f6e-{~}!:/"));
  EXPECT_TRUE(IsJid(std::string(128, 'j')));
  for (const char* jid :
       {"1234567", "1234 5678", "1234\n5678", "12345678\"", "12345678\\", "1234567\xc3\xa9", "1234567\x7f"}) {
    EXPECT_FALSE(IsJid(jid)) << jid;
  }
  EXPECT_FALSE(IsJid(std::string(129, 'j')));

  EXPECT_TRUE(IsType("App::Mail \xc3\xa9"));
  EXPECT_TRUE(IsType(std::string(256, 't')));
  for (const char* type : {"", "a\nb", "a\x7f", "\xff"}) EXPECT_FALSE(IsType(type)) << type;
  EXPECT_FALSE(IsType(std::string(257, 't')));
}

TEST(ParseTimestamp, ReadsRfc3339) {
  struct Case {
    const char* text;
    const char* utc;  // null: refused
  };
  const Case cases[] = {
      {"2017-12-20T15:30:17.111222333Z", "2017-12-20T15:30:17.111Z"},
      {"2017-12-20T15:30:17Z", "2017-12-20T15:30:17.000Z"},
      {"2017-12-20T15:30:17.5+01:30", "2017-12-20T14:00:17.500Z"},
      {"2017-12-31T23:30:00-01:00", "2018-01-01T00:30:00.000Z"},
      {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
      {"2023-02-29T00:00:00Z", nullptr},
      {"0001-01-01T00:00:00+00:01", nullptr},
      {"9999-12-31T23:59:59-00:01", nullptr},
      {"2017-12-20 15:30:17Z", nullptr},
      {"2017-12-20T15:30:17", nullptr},
      {"2017-12-20T15:30:17.Z", nullptr},
      {"2017-12-20T15:30:17.1234567890Z", nullptr},
      {"2017-12-20T24:00:00Z", nullptr},
      {"2017-12-20T23:60:00Z", nullptr},
      {"2017-12-20T23:59:60Z", nullptr},
      {"2017-13-20T15:30:17Z", nullptr},
      {"2017-12-20T15:30:17+24:00", nullptr},
      {"2017-12-20T15:30:17Zx", nullptr},
      {"17-12-20T15:30:17Z", nullptr},
      {"", nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto at = ParseTimestamp(c.text);
    ASSERT_EQ(at.has_value(), c.utc != nullptr);
    if (at) EXPECT_EQ(ToTimestamp(*at), c.utc);
  }
}

TEST(Canonical, EqualValuesHaveOneText) {
  struct Case {
    const char* json;
    const char* canonical;
  };
  const Case cases[] = {
      {" [ 1 , \"a b\" , null,true ] ", R"([1,"a b",null,true])"},
      {R"({"b":1,"a":{"d":[],"c":2}})", R"({"a":{"c":2,"d":[]},"b":1})"},
      {R"(["\u0041\/"])", R"(["A/"])"},
      {"[1.0,1e2,-0,-0.0,1.50]", "[1,100,0,0,1.5]"},
      {"[12345678901234567890,12345678901234567891]", "[12345678901234567890,12345678901234567891]"},
      {"[1e400]", "[1e400]"},
  };
  for (const Case& c : cases) EXPECT_EQ(Canonical(c.json), c.canonical);
  EXPECT_FALSE(Canonical(R"(["\ud800"])"));
  EXPECT_FALSE(Canonical(R"({"a":1,"a":2})"));
}

TEST(UniqueKeyOf, TellsQueuesTypesAndArgumentsApart) {
  const auto key = [](std::string_view queue, std::string_view type, std::string_view args) {
    return UniqueKeyOf(queue, type, args).value();
  };
  EXPECT_EQ(key("q", "T", "[1, 2]").size(), 32U);
  EXPECT_EQ(key("q", "T", "[1, 2]"), key("q", "T", "[1.0,2]"));
  EXPECT_NE(key("q", "T", "[1,2]"), key("q", "T", "[2,1]"));
  EXPECT_NE(key("q", "T", "[1]"), key("r", "T", "[1]"));
  EXPECT_NE(key("q", "T", "[1]"), key("q", "U", "[1]"));
  EXPECT_NE(key("q", "T", "[1]"), key("q", "T", "[\"1\"]"));
  EXPECT_NE(key("qT", "", "[1]"), key("q", "T", "[1]"));
  EXPECT_EQ(UniqueKeyOf("q", "mine"), UniqueKeyOf("q", "mine"));
  EXPECT_NE(UniqueKeyOf("q", "mine"), UniqueKeyOf("r", "mine"));

  const Job by_key = Parsed(WithCustom(R"("unique_for":9,"unique_key":"mine")"));
  EXPECT_EQ(by_key.unique->key, UniqueKeyOf("default", "mine"));
  const Job by_args = Parsed(WithCustom(R"("unique_for":9)"));
  EXPECT_EQ(by_args.unique->key, key("default", "T", "[]"));
}

TEST(ParseJob, ExpiryCountsFromTheMakingWheneverItIsRead) {
  const std::string text = Text(Parsed(WithCustom(R"("expires_in":90.5)")));
  const auto later = ParseJob(text, kNow + Hours(5));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->expires_at, kNow + Milliseconds(90'500));
  const Job both = Parsed(WithCustom(R"("expires_in":1,"expires_at":"2030-01-01T00:00:00Z")"));
  EXPECT_EQ(ToTimestamp(*both.expires_at), "2030-01-01T00:00:00.000Z");
}

TEST(FindEnqueuedAt, ReadsWhatAppendTextWrote) {
  auto job =
      ParseJob(R"({"jid":"job-00001","jobtype":"T","args":[{"x":1,"enqueued_at":"2001-01-01T00:00:00Z"}]})",
               WallTime{1'800'000'000'000});
  ASSERT_TRUE(job);
  std::string text;
  AppendText(*job, text);
  EXPECT_EQ(FindEnqueuedAt("{}"), std::nullopt);
  job->enqueued_at = WallTime{1'800'000'123'456};
  text.clear();
  AppendText(*job, text);
  EXPECT_EQ(FindEnqueuedAt(text), job->enqueued_at);
}

}  // namespace
}  // namespace tidemill::job
