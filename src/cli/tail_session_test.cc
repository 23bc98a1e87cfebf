#include "cli/tail_session.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kConnected =
    R"({"id":1,"connect":{"client":"c","version":"v","ping":25,"pong":true}})";

TEST(TailSession, ConnectsSubscribesAndPrints) {
  TailSession session({.channel = "a", .token = "t", .subscription_token = "s"});
  EXPECT_EQ(session.Begin(),
            "{\"id\":1,\"connect\":{\"token\":\"t\",\"name\":\"tidemill-tail\"}}\n"
            "{\"id\":2,\"subscribe\":{\"channel\":\"a\",\"token\":\"s\"}}");
  EXPECT_EQ(session.OnFrame(kConnected).next, Next::kGoOn);
  EXPECT_EQ(session.silence_max(), Seconds(35));
  EXPECT_FALSE(session.subscribed());
  const TailOutcome outcome = session.OnFrame(
      "{\"id\":2,\"subscribe\":{\"recoverable\":true,\"epoch\":\"e\",\"positioned\":true}}\n"
      R"({"push":{"channel":"a","join":{"info":{"user":"","client":"c"}}}})"
      "\n"
      R"({"push":{"channel":"a","pub":{"data":{"x":1},"info":{"user":"u\u001b1","client":"c"},"offset":1}}})"
      "\n"
      R"({"push":{"channel":"other","pub":{"data":2}}})"
      "\n");
  EXPECT_TRUE(session.subscribed());
  EXPECT_EQ(outcome.lines, (Lines{R"(#1 "u\u001b1" {"x":1})"}));
  EXPECT_EQ(outcome.notes, (Lines{"subscribed to a"}));
  EXPECT_EQ(outcome.next, Next::kGoOn);
}

TEST(TailSession, RecoversFromItsPosition) {
  TailSession session({.channel = "a", .json = true});
  session.Begin();
  session.OnFrame(R"({"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":7}})");
  EXPECT_EQ(session.OnFrame(R"({"push":{"channel":"a","pub":{"data":1,"offset":8}}})").lines,
            (Lines{R"({"data":1,"offset":8})"}));
  EXPECT_EQ(session.Begin(),
            "{\"id\":1,\"connect\":{\"name\":\"tidemill-tail\"}}\n"
            R"({"id":2,"subscribe":{"channel":"a","recover":true,"epoch":"e","offset":8}})");
  EXPECT_FALSE(session.subscribed());
  const TailOutcome outcome = session.OnFrame(
      R"({"id":2,"subscribe":{"recoverable":true,"epoch":"e","publications":[{"data":2,"offset":9}],)"
      R"("recovered":true,"offset":8,"positioned":true,"was_recovering":true}})");
  EXPECT_EQ(outcome.lines, (Lines{R"({"data":2,"offset":9})"}));
  EXPECT_EQ(outcome.notes, (Lines{"subscribed to a, nothing was missed"}));
  EXPECT_TRUE(session.Begin().ends_with(R"("epoch":"e","offset":9}})"));
}

TEST(TailSession, SaysWhenPublicationsWereLost) {
  TailSession session({.channel = "a"});
  session.Begin();
  session.OnFrame(R"({"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":7}})");
  session.Begin();
  const TailOutcome outcome = session.OnFrame(
      R"({"id":2,"subscribe":{"recoverable":true,"epoch":"f","offset":1,"was_recovering":true}})");
  EXPECT_EQ(outcome.notes,
            (Lines{"subscribed to a",
                   "publications were lost: too many or too old to recover, or the server began anew"}));
  EXPECT_TRUE(session.Begin().ends_with(R"("epoch":"f","offset":1}})"));
}

TEST(TailSession, AnswersPingsWhenTheServerWantsIt) {
  TailSession session({.channel = "a"});
  session.Begin();
  EXPECT_EQ(session.OnFrame("{}").reply, "");
  session.OnFrame(kConnected);
  EXPECT_EQ(session.OnFrame("{}").reply, "{}");
  EXPECT_EQ(session.OnFrame(R"({"push":{"channel":"a","pub":{"data":1}}})").reply, "");
}

TEST(TailSession, KnowsWhenToComeBack) {
  struct Case {
    std::string_view frame;
    Next next;
    std::string note;
  };
  const Case cases[] = {
      {R"({"id":1,"error":{"code":109,"message":"token expired"}})", Next::kEnd,
       "the server refused to connect: error 109: token expired"},
      {R"({"id":2,"error":{"code":103,"message":"permission denied"}})", Next::kEnd,
       "the server refused to subscribe to a: error 103: permission denied"},
      {R"({"id":2,"error":{"code":100,"message":"internal","temporary":true}})", Next::kReconnect,
       "the server refused to subscribe to a: error 100: internal"},
      {R"({"push":{"channel":"a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})", Next::kEnd,
       "the server ended the subscription: 2000 server unsubscribe"},
      {R"({"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"insufficient state"}}})",
       Next::kReconnect, "the server ended the subscription: 2500 insufficient state"},
      {"nonsense", Next::kReconnect, "the server sent something that is not JSON: byte 0: "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.frame);
    TailSession session({.channel = "a"});
    session.Begin();
    const TailOutcome outcome = session.OnFrame(c.frame);
    EXPECT_EQ(outcome.next, c.next);
    ASSERT_EQ(outcome.notes.size(), 1U);
    EXPECT_TRUE(outcome.notes[0].starts_with(c.note)) << outcome.notes[0];
  }
  EXPECT_EQ(TailSession::OnClose(3001, "shutdown").next, Next::kReconnect);
  EXPECT_EQ(TailSession::OnClose(1006, "").next, Next::kReconnect);
  EXPECT_EQ(TailSession::OnClose(3500, "invalid token").next, Next::kEnd);
  EXPECT_EQ(TailSession::OnClose(3500, "invalid token").notes.size(), 2U);
  EXPECT_EQ(TailSession::OnClose(3999, "").next, Next::kEnd);
  EXPECT_EQ(TailSession::OnClose(4000, "").next, Next::kReconnect);
  EXPECT_EQ(TailSession::OnClose(4500, "").next, Next::kEnd);
}

}  // namespace
}  // namespace tidemill::cli
