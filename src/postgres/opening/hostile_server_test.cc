// Servers that lie, cut, stall and trickle while a session is opened: a named failure in time, each time.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/testing/certificate.h"
#include "postgres/opening/startup.h"
#include "postgres/opening/testing/opening.h"
#include "postgres/protocol/wire.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using namespace std::string_literals;
using net::testing::CertificateFiles;
using sql::FailureKind;
using testing::AuthenticationOk;
using testing::CuttingProxy;
using testing::ErrorResponse;
using testing::FakeServer;
using testing::Message;
using testing::Opening;
using testing::PostgresServer;

using tidemill::testing::kPatience;

// Opens with more and more time until the failure is the one that is expected: on a busy machine the time may
// be up before the server was reached.
class OpeningInLittleTime : public Opening {
 protected:
  sql::Result<OpenedSession> OpenUntilItSays(const std::string& url, std::string_view failure) {
    for (Duration timeout = Milliseconds(200);; timeout = Milliseconds(timeout.ms * 2)) {
      auto session = Open(url, timeout);
      const bool as_expected = !session && session.error().message.contains(failure);
      if (as_expected || timeout > kPatience) return session;
    }
  }
};

std::string Repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string ManyParameters(std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += Message('S', "p" + std::to_string(i) + "\0v\0"s);
  return all;
}

const std::string kKey = Message('K', "\0\0\0\1\0\0\0\2"s);
const std::string kReady = Message('Z', "I");

TEST_F(OpeningInLittleTime, ServersThatLieAreRefusedByName) {
  struct Case {
    const char* name;
    std::vector<std::string> answers;
    FakeServer::AtEnd at_end;
    FailureKind kind;
    const char* failure;
  };
  using enum FakeServer::AtEnd;
  using enum FailureKind;
  const Case cases[] = {
      {"nothing", {}, kStay, kTimeout, "while logging in"},
      {"hangs up", {}, kHangUp, kUnavailable, "closed the connection"},
      {"hangs up after one byte", {"R"}, kHangUp, kUnavailable, "closed the connection"},
      {"HTTP", {"HTTP/1.1 400 Bad Request\r\n\r\n"}, kStay, kUnavailable, "not PostgreSQL's protocol"},
      {"starting up",
       {ErrorResponse("57P03", "the database system is starting up")},
       kStay,
       kUnavailable,
       "is starting up"},
      {"negative length", {"R\xff\xff\xff\xff"}, kStay, kUnavailable, "not PostgreSQL's protocol"},
      {"length that is too short", {"R\0\0\0\3"s}, kStay, kUnavailable, "not PostgreSQL's protocol"},
      {"a gigabyte announced", {"R\x40\0\0\0"s}, kStay, kUnavailable, "not PostgreSQL's protocol"},
      {"an error without end", {"E\0\0\0\x0cMabcdefg"s}, kStay, kUnavailable, "error that cannot be read"},
      {"ready at once", {kReady}, kStay, kUnavailable, "ready before the authentication"},
      {"key at once", {kKey}, kStay, kUnavailable, "key before the authentication"},
      {"parameters at once", {ManyParameters(1)}, kStay, kUnavailable, "parameters before"},
      {"rows at once", {Message('D', "\0\0"s)}, kStay, kUnavailable, "where none may come"},
      {"in twice", {AuthenticationOk() + AuthenticationOk()}, kStay, kUnavailable, "after its end"},
      {"notices without end",
       {Repeated(Message('N', "SNOTICE\0\0"s), 3000)},
       kStay,
       kUnavailable,
       "protocol"},
      {"parameters without end",
       {AuthenticationOk() + ManyParameters(300)},
       kStay,
       kUnavailable,
       "too many parameters"},
      {"in a transaction", {AuthenticationOk() + Message('Z', "T")}, kStay, kUnavailable, "not idle"},
      {"another protocol", {Message('v', "\0\3\0\0\0\0\0\0"s)}, kStay, kUnavailable, "version 3.0"},
      {"Kerberos", {Message('R', "\0\0\0\7"s)}, kStay, kUnauthenticated, "GSSAPI"},
      {"error after it let us in",
       {AuthenticationOk() + ErrorResponse("3D000", "no such")},
       kStay,
       kUnauthenticated,
       "no such"},
      {"in, and then nothing", {AuthenticationOk()}, kStay, kTimeout, "while logging in"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const FakeServer server(c.answers, c.at_end);
    const std::string url = server.url("?sslmode=disable");
    const auto session = c.kind == kTimeout ? OpenUntilItSays(url, c.failure) : Open(url);
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().kind, c.kind);
    EXPECT_TRUE(session.error().message.contains(c.failure)) << session.error().message;
  }
}

TEST_F(OpeningInLittleTime, WhatIsSaidOfTlsIsNotBelievedBlindly) {
  struct Case {
    const char* name;
    std::string answer;
    const char* mode;
    const char* failure;
  };
  const Case cases[] = {
      {"an error", ErrorResponse("28000", "give me your password"), "require",
       "neither accepted nor declined"},
      {"a zero", "\0"s, "require", "neither accepted nor declined"},
      {"yes and more", "S" + AuthenticationOk() + kReady, "require", "before the TLS handshake"},
      {"no", "N", "require", "does not speak TLS"},
      {"no", "N", "verify-full", "does not speak TLS"},
      {"nothing", "", "require", "no answer in time"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const FakeServer server({c.answer});
    const std::string url = server.url("?sslmode="s + c.mode);
    const auto session = c.answer.empty() ? OpenUntilItSays(url, c.failure) : Open(url);
    ASSERT_FALSE(session);
    EXPECT_TRUE(session.error().message.contains(c.failure)) << session.error().message;
    EXPECT_FALSE(session.error().message.contains("your password"));
  }
}

TEST_F(Opening, AServerThatStartsUpIsPassedOverForTheNext) {
  const FakeServer starting({ErrorResponse("57P03", "starting up")}, FakeServer::AtEnd::kHangUp);
  const FakeServer up({AuthenticationOk() + kKey + kReady});
  const std::string hosts =
      "127.0.0.1:" + std::to_string(starting.tcp().port) + ",127.0.0.1:" + std::to_string(up.tcp().port);
  const auto session = Open("postgres://u@" + hosts + "/d?sslmode=disable");
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->server.port, up.tcp().port);
  EXPECT_EQ(session->version, 0u);
  EXPECT_EQ(session->key, (BackendKey{1, "\0\0\0\2"s}));
}

TEST_F(Opening, AServerThatRefusesUsEndsTheSearch) {
  const FakeServer refusing({ErrorResponse("28P01", "no")}, FakeServer::AtEnd::kHangUp);
  const FakeServer up({AuthenticationOk() + kReady});
  const std::string hosts =
      "127.0.0.1:" + std::to_string(refusing.tcp().port) + ",127.0.0.1:" + std::to_string(up.tcp().port);
  EXPECT_EQ(Open("postgres://u@" + hosts + "/d?sslmode=disable").error().code, "28P01");
  EXPECT_EQ(up.connections(), 0);
}

TEST_F(Opening, ServersShareTheTimeThereIs) {
  const FakeServer silent({});
  const FakeServer up({AuthenticationOk() + kReady});
  const std::string hosts =
      "127.0.0.1:" + std::to_string(silent.tcp().port) + ",127.0.0.1:" + std::to_string(up.tcp().port);
  const std::string url = "postgres://u@" + hosts + "/d?sslmode=disable";
  Duration timeout = Seconds(1);  // a busy machine may need more for the one that is up
  while (timeout < kPatience && !Open(url, timeout)) timeout = Milliseconds(timeout.ms * 2);
  EXPECT_LT(timeout, kPatience);
}

// What comes behind ReadyForQuery is the next handler's.
TEST_F(Opening, LeavesWhatComesAfterToWhoeverTakesTheSession) {
  const std::string more = Message('S', "TimeZone\0UTC\0"s);
  const FakeServer server({AuthenticationOk() + kReady + more});
  const auto session = Open(server.url("?sslmode=disable"));
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return handler_.received == more; }));
}

// Hundreds of logins: each is to cost little.
constexpr const char* kRole = "set scram_iterations = 1; create role u login password 'p'";

// The whole conversation of a real server, cut or stopped after each of its bytes.
class CutConversation : public Opening {
 protected:
  void CutEverywhere(const PostgresServer& server, const std::string& more, std::size_t step) {
    CuttingProxy proxy(server.tcp());
    const std::string url = "postgres://u:p@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres" + more;
    proxy.SetPlan({.one_by_one = true});
    {
      const auto whole = Open(url);
      ASSERT_TRUE(whole) << whole.error().message;
    }
    const std::size_t all = proxy.passed();
    ASSERT_GT(all, 300u);
    // The last bytes may be of another message, behind the first that makes a session ready.
    for (std::size_t bytes = 0; bytes + 16 < all; bytes += step) {
      SCOPED_TRACE(bytes);
      proxy.SetPlan({.bytes = bytes});
      const auto cut = Open(url);
      ASSERT_FALSE(cut);
      EXPECT_FALSE(cut.error().message.empty());
      EXPECT_EQ(cut.error().kind, FailureKind::kUnavailable) << cut.error().message;
    }
    for (std::size_t bytes = 0; bytes + 16 < all; bytes += all / 8) {
      SCOPED_TRACE(bytes);
      proxy.SetPlan({.bytes = bytes, .then = CuttingProxy::Then::kStall});
      const auto stalled = Open(url, Milliseconds(100));
      ASSERT_FALSE(stalled);
      EXPECT_EQ(stalled.error().kind, FailureKind::kTimeout) << stalled.error().message;
      EXPECT_TRUE(stalled.error().message.contains("no answer in time")) << stalled.error().message;
    }
  }
};

TEST_F(CutConversation, InTheClearIsAFailureInTime) {
  const PostgresServer server(
      {.version = testing::Version::k18, .hba = {"host all all all scram-sha-256"}, .sql = kRole});
  CutEverywhere(server, "?sslmode=disable", 1);
}

TEST_F(CutConversation, OverTlsIsAFailureInTime) {
  const CertificateFiles files;
  const PostgresServer server({.version = testing::Version::k18,
                               .hba = {"host all all all scram-sha-256"},
                               .tls_certificate = files.certificate(),
                               .tls_key = files.key(),
                               .sql = kRole});
  CutEverywhere(server, "?sslmode=require&channel_binding=require", 13);
}

TEST_F(Opening, DestroyingTheTaskGivesItUp) {
  const FakeServer silent({});
  const auto opener = Opener(silent.url("?sslmode=disable"));
  {
    TaskScope scope;
    std::optional<sql::Result<OpenedSession>> outcome;
    scope.Spawn(net::testing::Keep(opener->Open(*loop_, Purpose::kQueries), outcome));
    ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return silent.connections() == 1; }));
    EXPECT_FALSE(outcome.has_value());
  }
  net::testing::RunTurns(*loop_);
}

}  // namespace
}  // namespace tidemill::postgres
