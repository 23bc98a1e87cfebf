#include "realtime/session/commands.h"

#include <gtest/gtest.h>

#include "realtime/session/rpc.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class CommandsTest : public SessionTest {
 protected:
  // A client of the room, that has heard all.
  std::unique_ptr<TestClient> InRoom(const std::string& user = "u") {
    auto client = Connected(R"({"sub":")" + user + "\"}");
    client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
    client->Hear();
    return client;
  }
};

TEST_F(CommandsTest, APublicationReachesAllAndIsAnswered) {
  auto client = InRoom();
  const Lines heard = client->Say(R"({"id":3,"publish":{"channel":"room:a","data":{"n":1}}})");
  ASSERT_EQ(heard.size(), 2u);
  const std::string info = R"("info":{"user":"u","client":")" + client->id() + "\"}";
  EXPECT_EQ(heard[0], R"({"id":3,"publish":{}})");
  EXPECT_EQ(heard[1], R"({"push":{"channel":"room:a","pub":{"data":{"n":1},)" + info +
                          R"(,"offset":1,"epoch":")" + EpochOf("room:a") + "\"}}}");
}

TEST_F(CommandsTest, NullIsDataLikeAnyOther) {
  auto client = InRoom();
  const Lines heard = client->Say(R"({"id":3,"publish":{"channel":"room:a","data":null}})");
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0], R"({"id":3,"publish":{}})");
  EXPECT_TRUE(heard[1].contains(R"("pub":{"data":null,)")) << heard[1];
}

TEST_F(CommandsTest, PresenceTellsWhoIsThere) {
  auto one = InRoom("a");
  auto two = InRoom("b");
  one->Hear();
  const Lines heard = one->Say(R"({"id":3,"presence":{"channel":"room:a"}})");
  ASSERT_EQ(heard.size(), 1u);
  for (const auto& [user, client] : {std::pair("a", one->id()), std::pair("b", two->id())}) {
    EXPECT_TRUE(
        heard[0].contains("\"" + client + R"(":{"user":")" + user + R"(","client":")" + client + "\"}"))
        << heard[0];
  }
  EXPECT_EQ(one->Say(R"({"id":4,"presence_stats":{"channel":"room:a"}})"),
            Lines{R"({"id":4,"presence_stats":{"num_clients":2,"num_users":2}})"});
}

TEST_F(CommandsTest, HistoryGivesWhatTheStreamKeeps) {
  auto client = InRoom();
  for (const char* data : {"1", "2", "3"}) bench_.Publish("room:a", data);
  bench_.Turn();
  client->Hear();
  const std::string epoch = EpochOf("room:a");
  client->Hear();
  const std::string top = R"(,"epoch":")" + epoch + R"(","offset":3}})";
  struct Case {
    const char* name;
    const char* query;
    const char* publications;
  };
  const Case cases[] = {
      {"only the top", "", "[]"},
      {"all", R"(,"limit":-1)", R"([{"data":1,"offset":1},{"data":2,"offset":2},{"data":3,"offset":3}])"},
      {"the newest", R"(,"limit":1,"reverse":true)", R"([{"data":3,"offset":3}])"},
      {"after a position", R"(,"limit":-1,"since":{"offset":2})", R"([{"data":3,"offset":3}])"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(client->Say(R"({"id":5,"history":{"channel":"room:a")" + std::string(c.query) + "}}"),
              Lines{R"({"id":5,"history":{"publications":)" + std::string(c.publications) + top});
  }
  EXPECT_EQ(client->Say(R"({"id":6,"history":{"channel":"room:a","reverse":true,"since":{"offset":0}}})"),
            Lines{R"({"id":6,"error":{"code":107,"message":"bad request"}})"});
}

// ---- rpc

// Answers "who method data", when it may.
class FakeHandler final : public RpcHandler {
 public:
  explicit FakeHandler(net::Loop& loop) : loop_(loop) {}

  Task<Verdict<std::string>> Call(const Client& caller, std::string method, std::string data) override {
    if (waits) {
      net::Reply<bool> told(loop_);
      wake = told.sender();
      co_await told;
    }
    if (refusal) co_return Refused(*refusal);
    co_return "\"" + caller.user + " " + method + " " + data + "\"";
  }

  bool waits = false;
  std::optional<net::Reply<bool>::Sender> wake;
  std::optional<Refusal> refusal;

 private:
  net::Loop& loop_;
};

class RpcTest : public SessionTest {
 protected:
  RpcTest() { bench_.context().rpc_handlers.Add("math", handler_); }
  static std::string Call(const std::string& method) {
    return R"({"id":7,"rpc":{"method":")" + method + R"(","data":2}})";
  }

  FakeHandler handler_{bench_.loop()};
};

TEST_F(RpcTest, TheMethodsNamespaceChoosesWhoAnswers) {
  auto client = Connected();
  const Lines not_available{R"({"id":7,"error":{"code":108,"message":"not available"}})"};
  EXPECT_EQ(client->Say(Call("math:double:2")), Lines{R"({"id":7,"rpc":{"data":"u math:double:2 2"}})"});
  for (const char* method : {"math", "other:double", ":math", ""}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(client->Say(Call(method)), not_available);
  }
  FakeHandler rest{bench_.loop()};
  bench_.context().rpc_handlers.Add("", rest);
  EXPECT_EQ(client->Say(Call("plain")), Lines{R"({"id":7,"rpc":{"data":"u plain 2"}})"});
}

TEST_F(RpcTest, ARefusalIsAnErrorReplyOrTheEnd) {
  auto client = Connected();
  handler_.refusal = protocol::kErrorPermissionDenied;
  EXPECT_EQ(client->Say(Call("math:x")),
            Lines{R"({"id":7,"error":{"code":103,"message":"permission denied"}})"});
  handler_.refusal = protocol::kDisconnectServerError;
  client->Say(Call("math:x"));
  EXPECT_EQ(client->close_code(), protocol::kDisconnectServerError.code);
}

TEST_F(RpcTest, TheAnswerToWhoIsGoneIsDropped) {
  auto client = Connected();
  handler_.waits = true;
  EXPECT_EQ(client->Say(Call("math:x")), Lines{});
  client->HangUp();
  EXPECT_FALSE(client->retired()) << "the handler still refers to its caller";
  handler_.wake->Send(true);
  bench_.Turn();
  EXPECT_TRUE(client->retired());
}

}  // namespace
}  // namespace tidemill::session
