// What the server does to a session while a command of the client is in flight: each pair.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "realtime/session/rpc.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

constexpr char kChannel[] = "x:a";

// Checks tokens when it is told to go on.
class HeldVerifier final : public auth::TokenVerifier {
 public:
  HeldVerifier(net::Loop& loop, std::unique_ptr<auth::TokenVerifier> inner)
      : loop_(loop), inner_(std::move(inner)) {}

  Task<Result<auth::ConnectToken>> VerifyConnect(std::string token) override {
    co_await Held();
    co_return co_await inner_->VerifyConnect(std::move(token));
  }
  Task<Result<auth::SubscribeToken>> VerifySubscribe(std::string token) override {
    co_await Held();
    if (unreachable) co_return Fail(Errc::kUnavailable, "the keys are out of reach");
    co_return co_await inner_->VerifySubscribe(std::move(token));
  }
  void GoOn() {
    holds = false;
    if (const auto wake = std::exchange(wake_, std::nullopt)) wake->Send(true);
  }

  bool holds = false;
  bool unreachable = false;

 private:
  Task<void> Held() {
    if (!holds) co_return;
    net::Reply<bool> told(loop_);
    wake_ = told.sender();
    co_await told;
  }

  net::Loop& loop_;
  const std::unique_ptr<auth::TokenVerifier> inner_;
  std::optional<net::Reply<bool>::Sender> wake_;
};

class HeldRpc final : public RpcHandler {
 public:
  explicit HeldRpc(net::Loop& loop) : loop_(loop) {}
  Task<Verdict<std::string>> Call(const Client&, std::string, std::string) override {
    net::Reply<bool> told(loop_);
    wake = told.sender();
    co_await told;
    co_return "1";
  }
  std::optional<net::Reply<bool>::Sender> wake;

 private:
  net::Loop& loop_;
};

BenchSettings Settings() {
  BenchSettings settings = TestSettings();
  channels::ChannelOptions options;
  options.presence = true;
  options.history_size = 5;
  options.history_ttl = Seconds(300);
  options.allow_subscribe_for_client = true;
  options.allow_publish_for_client = options.allow_presence_for_client = true;
  options.allow_history_for_client = true;
  settings.channel.namespaces["x"] = options;
  return settings;
}

// One word or two of each line: what it tells.
std::string Told(const std::string& line) {
  const auto has = [&line](std::string_view text) { return line.contains(text); };
  const auto number_after = [&line](std::string_view text) {
    const std::size_t begin = line.find(text) + text.size();
    return line.substr(begin, line.find_first_not_of("0123456789", begin) - begin);
  };
  if (line.starts_with(R"({"id":9)")) {
    if (has(R"("error")")) return "error " + number_after(R"("code":)");
    std::string told = "ok";
    if (has(R"("connect")") && has(R"("x:a":)")) told += " with x:a";
    if (has(R"("expires":true,"ttl":)")) told += " for " + number_after(R"("ttl":)") + " s";
    return told;
  }
  if (has(R"("unsubscribe":)")) return "unsubscribe " + number_after(R"("code":)");
  if (has(R"("subscribe":)")) return "subscribe";
  if (has(R"("refresh":)")) return "refresh for " + number_after(R"("ttl":)") + " s";
  if (has(R"("pub":)")) return "pub";
  return line;
}

class MeanwhileTest : public ::testing::Test {
 protected:
  struct Outcome {
    std::string at_once;   // what the client was told before the command could go on, "done" when the API was
    std::string then;      // the same when it had gone on; "closed CODE"
    bool follows = false;  // the channel, in the end
  };

  Outcome Run(const std::string& operation, const std::string& action) {
    Prepare(operation);
    client_->Say(Frame(operation));
    if (operation == "connect, joined before") StepOn();
    Act(action);
    bench_->Turn();
    Outcome outcome{.at_once = Heard()};
    verifier_->GoOn();
    if (rpc_->wake) rpc_->wake->Send(true);
    bench_->broker().Resume();
    for (int turn = 0; turn < 5; ++turn) bench_->Turn();
    outcome.then = Heard();
    EXPECT_TRUE(done_) << "every call of the API is answered";
    outcome.follows = bench_->context().hub.subscriptions() > 0;
    EXPECT_EQ(outcome.follows, !client_->retired() && client_->session().subscriptions() > 0);
    if (!outcome.follows) EXPECT_EQ(Present(), 0u) << "presence is left with the channel";
    return outcome;
  }

  void Prepare(const std::string& operation) {
    done_ = told_done_ = closed_ = false;
    client_.reset();
    bench_ = std::make_unique<SessionBench>(Settings());
    Context& context = bench_->context();
    auto verifier = std::make_unique<HeldVerifier>(bench_->loop(), std::move(context.tokens->connect));
    verifier_ = verifier.get();
    context.tokens->connect = std::move(verifier);
    rpc_ = std::make_unique<HeldRpc>(bench_->loop());
    context.rpc_handlers.Add("", *rpc_);
    client_ = bench_->Connect();
    if (!operation.starts_with("connect")) {
      client_->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") + "\"}}");
    }
    if (!operation.starts_with("connect") && !operation.starts_with("subscribe")) {
      client_->Say(R"({"id":2,"subscribe":{"channel":"x:a"}})");
    }
    client_->Hear();
    if (operation.contains("token") || operation.contains("refresh")) {
      verifier_->holds = true;
      verifier_->unreachable = operation.contains("unreachable");
    } else {
      bench_->broker().Pause();
    }
  }

  std::string Frame(const std::string& operation) const {
    const auto connect = [](const std::string& channels) {
      return R"({"id":9,"connect":{"token":")" +
             SessionBench::Token(R"({"sub":"u","channels":[)" + channels + "]}") + "\"}}";
    };
    const std::string token = SessionBench::Token(R"({"sub":"u","channel":"x:a","exp":)" +
                                                  std::to_string(bench_->WallSeconds() + 50) + "}");
    const std::map<std::string, std::string> frames = {
        {"connect", connect(R"("x:a")")},
        {"connect, to come", connect(R"("plain:0","x:a")")},
        {"connect, joined before", connect(R"("x:a","x:b")")},
        {"subscribe", R"({"id":9,"subscribe":{"channel":"x:a"}})"},
        {"subscribe, token", R"({"id":9,"subscribe":{"channel":"x:a","token":")" + token + "\"}}"},
        {"subscribe, unreachable token",
         R"({"id":9,"subscribe":{"channel":"x:a","token":")" + token + "\"}}"},
        {"subscribe, bad token", R"({"id":9,"subscribe":{"channel":"x:a","token":"bad"}})"},
        {"unsubscribe", R"({"id":9,"unsubscribe":{"channel":"x:a"}})"},
        {"refresh", R"({"id":9,"refresh":{"token":")" + SessionBench::Token(R"({"sub":"u"})") + "\"}}"},
        {"sub_refresh", R"({"id":9,"sub_refresh":{"channel":"x:a","token":")" + token + "\"}}"},
        {"publish", R"({"id":9,"publish":{"channel":"x:a","data":1}})"},
        {"rpc", R"({"id":9,"rpc":{"method":"m","data":1}})"},
        {"presence", R"({"id":9,"presence":{"channel":"x:a"}})"},
        {"history", R"({"id":9,"history":{"channel":"x:a","limit":-1}})"},
    };
    return frames.at(operation);
  }

  // Both answers that the first channel needs.
  void StepOn() {
    for (int i = 0; i < 2; ++i) {
      bench_->broker().AnswerOne();
      bench_->Turn();
    }
  }

  void Act(const std::string& action) {
    if (action == "publish") {
      bench_->Publish(kChannel, "7");
      done_ = true;
      return;
    }
    const std::int64_t now = bench_->WallSeconds();
    const std::map<std::string, control::Action> actions = {
        {"subscribe", control::Subscribe{.channel = kChannel}},
        {"unsubscribe", control::Unsubscribe{kChannel}},
        {"unsubscribe all", control::Unsubscribe{""}},
        {"disconnect", control::Disconnect{3503, "force disconnect"}},
        {"refresh", control::Refresh{.expire_at = now + 70}},
        {"refresh, expired", control::Refresh{.expired = true}},
    };
    struct Applying {
      static Task<void> Run(control::Directory& directory, control::Action what, bool& done) {
        EXPECT_TRUE(co_await directory.Apply({.user = "u"}, std::move(what)));
        done = true;
      }
    };
    bench_->context().scope.Spawn(Applying::Run(*bench_->context().directory, actions.at(action), done_));
  }

  std::string Heard() {
    std::string heard;
    const auto add = [&heard](const std::string& word) { heard += (heard.empty() ? "" : ", ") + word; };
    for (const std::string& line : client_->Hear()) add(Told(line));
    if (client_->close_code() != 0 && !closed_) add("closed " + std::to_string(client_->close_code()));
    closed_ = client_->close_code() != 0;
    if (done_ && !told_done_) add("done");
    told_done_ = done_;
    return heard;
  }

  std::size_t Present() {
    struct Asking {
      static Task<void> Run(broker::Publisher& publisher, std::size_t& clients) {
        const auto stats = co_await publisher.PresenceCounts({.channel = kChannel});
        if (stats) clients = stats->clients;
      }
    };
    std::size_t clients = 99;
    bench_->context().scope.Spawn(Asking::Run(bench_->context().publisher, clients));
    bench_->Turn();
    return clients;
  }

  std::unique_ptr<SessionBench> bench_;
  HeldVerifier* verifier_ = nullptr;
  std::unique_ptr<HeldRpc> rpc_;
  std::unique_ptr<TestClient> client_;
  bool done_ = false;
  bool told_done_ = false;
  bool closed_ = false;
};

struct Row {
  const char* operation;
  const char* action;
  const char* at_once;
  const char* then;
  bool follows;
};

// clang-format off
constexpr Row kRows[] = {
    {"connect", "subscribe", "", "ok with x:a, done", true},
    {"connect", "unsubscribe", "done", "ok", false},
    {"connect", "unsubscribe all", "done", "ok", false},
    {"connect", "disconnect", "closed 3503, done", "", false},
    {"connect", "refresh", "done", "ok with x:a for 70 s", true},
    {"connect", "refresh, expired", "closed 3005, done", "", false},
    {"connect", "publish", "done", "ok with x:a", true},
    {"connect, to come", "subscribe", "", "ok with x:a, done", true},
    {"connect, to come", "unsubscribe", "done", "ok", true},
    {"connect, to come", "unsubscribe all", "done", "ok", false},
    {"connect, to come", "disconnect", "closed 3503, done", "", false},
    {"connect, to come", "refresh", "done", "ok with x:a for 70 s", true},
    {"connect, to come", "refresh, expired", "closed 3005, done", "", false},
    {"connect, to come", "publish", "done", "ok with x:a", true},
    {"connect, joined before", "subscribe", "", "ok with x:a, done", true},
    {"connect, joined before", "unsubscribe", "done", "ok", true},
    {"connect, joined before", "unsubscribe all", "done", "ok", false},
    {"connect, joined before", "disconnect", "closed 3503, done", "", false},
    {"connect, joined before", "refresh", "done", "ok with x:a for 70 s", true},
    {"connect, joined before", "refresh, expired", "closed 3005, done", "", false},
    {"connect, joined before", "publish", "done", "ok with x:a, pub", true},
    {"subscribe", "subscribe", "", "ok, done", true},
    {"subscribe", "unsubscribe", "done", "ok, unsubscribe 2000", false},
    {"subscribe", "unsubscribe all", "done", "ok, unsubscribe 2000", false},
    {"subscribe", "disconnect", "closed 3503, done", "", false},
    {"subscribe", "refresh", "refresh for 70 s, done", "ok", true},
    {"subscribe", "refresh, expired", "closed 3005, done", "", false},
    {"subscribe", "publish", "done", "ok", true},
    {"subscribe, token", "subscribe", "", "ok for 50 s, done", true},
    {"subscribe, token", "unsubscribe", "done", "ok, unsubscribe 2000", false},
    {"subscribe, token", "unsubscribe all", "done", "ok, unsubscribe 2000", false},
    {"subscribe, token", "disconnect", "closed 3503, done", "", false},
    {"subscribe, token", "refresh", "refresh for 70 s, done", "ok for 50 s", true},
    {"subscribe, token", "refresh, expired", "closed 3005, done", "", false},
    {"subscribe, token", "publish", "done", "ok for 50 s", true},
    {"subscribe, unreachable token", "subscribe", "", "error 100, subscribe, done", true},
    {"subscribe, unreachable token", "unsubscribe", "done", "ok, unsubscribe 2000", false},
    {"subscribe, unreachable token", "unsubscribe all", "done", "ok, unsubscribe 2000", false},
    {"subscribe, unreachable token", "disconnect", "closed 3503, done", "", false},
    {"subscribe, unreachable token", "refresh", "refresh for 70 s, done", "error 100", false},
    {"subscribe, unreachable token", "refresh, expired", "closed 3005, done", "", false},
    {"subscribe, unreachable token", "publish", "done", "error 100", false},
    {"subscribe, bad token", "subscribe", "", "error 103, subscribe, done", true},
    {"subscribe, bad token", "unsubscribe", "done", "error 103", false},
    {"subscribe, bad token", "unsubscribe all", "done", "error 103", false},
    {"subscribe, bad token", "disconnect", "closed 3503, done", "", false},
    {"subscribe, bad token", "refresh", "refresh for 70 s, done", "error 103", false},
    {"subscribe, bad token", "refresh, expired", "closed 3005, done", "", false},
    {"subscribe, bad token", "publish", "done", "error 103", false},
    {"unsubscribe", "subscribe", "", "subscribe, done", true},
    {"unsubscribe", "unsubscribe", "done", "", false},
    {"unsubscribe", "unsubscribe all", "done", "", false},
    {"unsubscribe", "disconnect", "closed 3503, done", "", false},
    {"unsubscribe", "refresh", "refresh for 70 s, done", "", false},
    {"unsubscribe", "refresh, expired", "closed 3005, done", "", false},
    {"unsubscribe", "publish", "done", "", false},
    {"refresh", "subscribe", "done", "ok", true},
    {"refresh", "unsubscribe", "unsubscribe 2000, done", "ok", false},
    {"refresh", "unsubscribe all", "unsubscribe 2000, done", "ok", false},
    {"refresh", "disconnect", "closed 3503, done", "", false},
    {"refresh", "refresh", "refresh for 70 s, done", "ok for 70 s", true},
    {"refresh", "refresh, expired", "closed 3005, done", "", false},
    {"refresh", "publish", "pub, done", "ok", true},
    {"sub_refresh", "subscribe", "done", "ok for 50 s", true},
    {"sub_refresh", "unsubscribe", "unsubscribe 2000, done", "error 103", false},
    {"sub_refresh", "unsubscribe all", "unsubscribe 2000, done", "error 103", false},
    {"sub_refresh", "disconnect", "closed 3503, done", "", false},
    {"sub_refresh", "refresh", "refresh for 70 s, done", "ok for 50 s", true},
    {"sub_refresh", "refresh, expired", "closed 3005, done", "", false},
    {"sub_refresh", "publish", "pub, done", "ok for 50 s", true},
    {"publish", "subscribe", "done", "ok, pub", true},
    {"publish", "unsubscribe", "unsubscribe 2000, done", "ok", false},
    {"publish", "unsubscribe all", "unsubscribe 2000, done", "ok", false},
    {"publish", "disconnect", "closed 3503, done", "", false},
    {"publish", "refresh", "refresh for 70 s, done", "ok, pub", true},
    {"publish", "refresh, expired", "closed 3005, done", "", false},
    {"publish", "publish", "pub, done", "ok, pub", true},
    {"rpc", "subscribe", "done", "ok", true},
    {"rpc", "unsubscribe", "unsubscribe 2000, done", "ok", false},
    {"rpc", "unsubscribe all", "unsubscribe 2000, done", "ok", false},
    {"rpc", "disconnect", "closed 3503, done", "", false},
    {"rpc", "refresh", "refresh for 70 s, done", "ok", true},
    {"rpc", "refresh, expired", "closed 3005, done", "", false},
    {"rpc", "publish", "pub, done", "ok", true},
    {"presence", "subscribe", "done", "ok", true},
    {"presence", "unsubscribe", "unsubscribe 2000, done", "ok", false},
    {"presence", "unsubscribe all", "unsubscribe 2000, done", "ok", false},
    {"presence", "disconnect", "closed 3503, done", "", false},
    {"presence", "refresh", "refresh for 70 s, done", "ok", true},
    {"presence", "refresh, expired", "closed 3005, done", "", false},
    {"presence", "publish", "pub, done", "ok", true},
    {"history", "subscribe", "done", "ok", true},
    {"history", "unsubscribe", "unsubscribe 2000, done", "ok", false},
    {"history", "unsubscribe all", "unsubscribe 2000, done", "ok", false},
    {"history", "disconnect", "closed 3503, done", "", false},
    {"history", "refresh", "refresh for 70 s, done", "ok", true},
    {"history", "refresh, expired", "closed 3005, done", "", false},
    {"history", "publish", "pub, done", "ok", true},
};
// clang-format on

// When the API says done, it is so, and what the client is told ends where the server is: never a push for
// what it has not been told yet, never an error that makes it try what was just ended.
TEST_F(MeanwhileTest, EveryActionOfTheServerAgreesWithEveryCommandInFlight) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.action) + " while " + row.operation + " is in flight");
    const Outcome outcome = Run(row.operation, row.action);
    EXPECT_EQ(outcome.at_once, row.at_once);
    EXPECT_EQ(outcome.then, row.then);
    EXPECT_EQ(outcome.follows, row.follows);
  }
}

TEST_F(MeanwhileTest, ARefreshOfASubscriptionThatWasEndedIsNotTakenForTheNextOne) {
  Prepare("sub_refresh");
  client_->Say(Frame("sub_refresh"));
  Act("unsubscribe");
  Act("subscribe");
  bench_->Turn();
  client_->Hear();
  verifier_->GoOn();
  bench_->Turn();
  EXPECT_EQ(Heard(), "error 103, done");
  for (int second = 0; second < 90; ++second) {
    bench_->Advance(Seconds(1));
    for (const std::string& line : client_->Hear()) {
      if (line == "{}") client_->Say("{}");
    }
  }
  EXPECT_EQ(client_->close_code(), 0u) << "the token's end, 50 s from the start, is not the new one's";
  EXPECT_EQ(client_->session().subscriptions(), 1u);
}

// The later request wins, not the one that takes longer.
TEST_F(MeanwhileTest, ARefreshOfTheServerIsNotUndoneByTheClientsThatBeganBefore) {
  ASSERT_EQ(Run("refresh", "refresh").then, "ok for 70 s");
  for (int second = 0; second < 110; ++second) {
    bench_->Advance(Seconds(1));
    for (const std::string& line : client_->Hear()) {
      if (line == "{}") client_->Say("{}");
    }
  }
  EXPECT_EQ(client_->close_code(), 3005u) << "its own token never expires";
}

TEST_F(MeanwhileTest, AnEndedSubscribeLeavesRoomForTheNextCommand) {
  Prepare("subscribe");
  client_->Say(Frame("subscribe"));
  client_->Say(R"({"id":10,"presence_stats":{"channel":"x:a"}})");
  Act("unsubscribe");
  bench_->broker().Resume();
  for (int turn = 0; turn < 5; ++turn) bench_->Turn();
  const Lines heard = client_->Hear();
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(Told(heard[0]), "ok");
  EXPECT_EQ(Told(heard[1]), "unsubscribe 2000");
  EXPECT_EQ(heard[2], R"({"id":10,"presence_stats":{"num_clients":0,"num_users":0}})");
}

}  // namespace
}  // namespace tidemill::session
