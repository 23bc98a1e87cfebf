#include "realtime/session/authority.h"

#include <gtest/gtest.h>

#include "realtime/session/client.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

// Decides as a test says, when it says so.
class FakeAuthority final : public Authority {
 public:
  explicit FakeAuthority(net::Loop& loop) : loop_(loop) {}

  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    asked.push_back(call.client.user + " " + call.request.channel + " " + call.request.data);
    if (waits) {
      net::Reply<bool> told(loop_);
      wake = told.sender();
      co_await told;
    }
    co_return decision;
  }

  std::vector<std::string> asked;
  Verdict<SubscribeTerms> decision;
  bool waits = false;
  std::optional<net::Reply<bool>::Sender> wake;

 private:
  net::Loop& loop_;
};

class AuthorityTest : public SessionTest {
 protected:
  AuthorityTest() { bench_.context().authorities.Register("closed", authority_); }
  static std::string Subscribe(const std::string& channel) {
    return R"({"id":2,"subscribe":{"channel":")" + channel + R"(","data":{"why":1}}})";
  }

  FakeAuthority authority_{bench_.loop()};
};

TEST_F(AuthorityTest, GrantsOnItsOwnTerms) {
  auto client = Connected();
  authority_.decision = SubscribeTerms{.info = R"({"seat":3})",
                                       .data = R"({"rows":[]})",
                                       .expire_at = bench_.WallSeconds() + 9,
                                       .overrides = {.presence = true, .force_push_join_leave = true}};
  authority_.decision->overrides.join_leave = true;
  EXPECT_EQ(client->Say(Subscribe("closed:x")),
            (Lines{R"({"id":2,"subscribe":{"expires":true,"ttl":9,"data":{"rows":[]}}})",
                   R"({"push":{"channel":"closed:x","join":{"info":{"user":"u","client":")" + client->id() +
                       R"(","chan_info":{"seat":3}}}}})"}));
  EXPECT_EQ(authority_.asked, Lines{R"(u closed:x {"why":1})"});
}

TEST_F(AuthorityTest, ServesItsNamespaceAlone) {
  auto client = Connected();
  EXPECT_EQ(client->Say(Subscribe("plain:x")), Lines{R"({"id":2,"subscribe":{}})"});
  EXPECT_EQ(client->Say(Subscribe("$plain:x")),
            Lines{R"({"id":2,"error":{"code":103,"message":"permission denied"}})"});
  EXPECT_EQ(authority_.asked, Lines{});
  EXPECT_EQ(client->Say(Subscribe("$closed:x")), Lines{R"({"id":2,"subscribe":{}})"})
      << "a private channel is of the namespace behind the $";
}

TEST_F(AuthorityTest, RefusesWithAnErrorOrTheEnd) {
  auto client = Connected();
  authority_.decision = Refused(protocol::kErrorExpired);
  EXPECT_EQ(client->Say(Subscribe("closed:x")),
            Lines{R"({"id":2,"error":{"code":110,"message":"expired"}})"});
  EXPECT_EQ(client->session().subscriptions(), 0u);
  authority_.decision = Refused(protocol::kDisconnectForceNoReconnect);
  client->Say(Subscribe("closed:x"));
  EXPECT_EQ(client->close_code(), protocol::kDisconnectForceNoReconnect.code);
}

TEST_F(AuthorityTest, IsAskedOnlyForWhatCouldBeAdded) {
  auto client = Connected();
  client->Say(Subscribe("closed:x"));
  for (const char* command : {R"({"id":3,"subscribe":{"channel":"closed:x"}})",
                              R"({"id":3,"subscribe":{"channel":"closed:y","type":1}})",
                              R"({"id":3,"subscribe":{"channel":"closed:ü"}})"}) {
    SCOPED_TRACE(command);
    EXPECT_TRUE(client->Say(command)[0].contains("error"));
  }
  EXPECT_EQ(authority_.asked.size(), 1u);
}

TEST_F(AuthorityTest, ASessionThatClosesMeanwhileFollowsNothing) {
  auto client = Connected();
  authority_.waits = true;
  EXPECT_EQ(client->Say(Subscribe("closed:x")), Lines{});
  client->HangUp();
  EXPECT_FALSE(client->retired()) << "the authority still refers to its caller";
  authority_.wake->Send(true);
  bench_.Turn();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u);
}

TEST_F(AuthorityTest, AServersSubscribeMeanwhileWaitsForWhatComesOfTheClients) {
  for (const bool granted : {true, false}) {
    SCOPED_TRACE(granted);
    auto client = Connected();
    authority_.waits = true;
    if (!granted) authority_.decision = Refused(protocol::kErrorPermissionDenied);
    client->Say(Subscribe("closed:x"));
    EXPECT_FALSE(bench_.Apply({.user = "u"}, control::Subscribe{.channel = "closed:x"}));
    EXPECT_EQ(client->Hear(), Lines{});
    authority_.wake->Send(true);
    for (int turn = 0; turn < 3; ++turn) bench_.Turn();
    EXPECT_EQ(client->Hear(), granted
                                  ? Lines{R"({"id":2,"subscribe":{}})"}
                                  : (Lines{R"({"id":2,"error":{"code":103,"message":"permission denied"}})",
                                           R"({"push":{"channel":"closed:x","subscribe":{}}})"}));
    EXPECT_EQ(client->session().subscriptions(), 1u);
  }
}

}  // namespace
}  // namespace tidemill::session
