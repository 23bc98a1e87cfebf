#include "realtime/proxies/proxies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "http/message.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "realtime/proxies/endpoint.h"
#include "realtime/proxies/routes.h"
#include "realtime/proxies/testing/fake_service.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::proxies {
namespace {

using session::Lines;
using session::TestClient;

session::BenchSettings BenchWithProxies() {
  session::BenchSettings settings = session::TestSettings();
  channels::ChannelOptions asks;
  asks.subscribe_proxy_enabled = asks.publish_proxy_enabled = true;
  settings.channel.namespaces["asks"] = asks;
  return settings;
}

class ProxiesTest : public session::SessionTest {
 protected:
  ProxiesTest() : SessionTest(BenchWithProxies()) {
    settings_.rpc_without_namespace.proxy_enabled = true;
    settings_.connect.endpoint = service_.Url("/connect");
    settings_.subscribe.endpoint = service_.Url("/subscribe");
    settings_.publish.endpoint = service_.Url("/publish");
    settings_.rpc.endpoint = service_.Url("/rpc");
  }
  ~ProxiesTest() override {
    clients_.clear();
    bench_.context().backend = nullptr;
    proxies_.reset();
    net::testing::RunTurns(bench_.loop());
  }

  void Use() {
    const channels::ChannelSettings& channel = bench_.context().settings->rules->settings();
    const Proxies::Surroundings surroundings{
        .loop = bench_.loop(), .registry = registry_, .client_metrics = &client_metrics_};
    proxies_ = Proxies::Make(surroundings, settings_, Tls(), channel);
    bench_.context().backend = proxies_.get();
  }
  // As a reload does; what is under way stays with those that were.
  void ReplaceEndpoints() {
    settings_.subscribe.timeout.ms += 1;
    settings_.publish.timeout.ms += 1;
    proxies_->Prepare(settings_, Tls(), bench_.context().settings->rules->settings())();
  }
  // As the server reads it, once for all loops.
  std::shared_ptr<const ProxiesTls> Tls() const {
    return std::make_shared<const ProxiesTls>(*OpenTls(settings_));
  }
  TestClient& Client(std::string_view claims = R"({"sub":"u"})") {
    clients_.push_back(Connected(claims));
    clients_.back()->Hear();
    return *clients_.back();
  }
  // The next line that the client is told, once it has come; "" if it does not.
  std::string Next(TestClient& client) {
    Lines heard;
    net::testing::RunUntil(bench_.loop(), [&] {
      heard = client.Hear();
      return !heard.empty() || client.close_code() != 0;
    });
    return heard.empty() ? "" : heard.front();
  }
  std::string Ask(TestClient& client, std::string_view frame) {
    const Lines at_once = client.Say(frame);
    return at_once.empty() ? Next(client) : at_once.front();
  }
  bool UntilAsked(std::size_t count) {
    return net::testing::RunUntil(bench_.loop(), [&] { return service_.requests.size() >= count; });
  }
  std::uint64_t Calls(const std::string& kind, Outcome outcome) {
    const std::string name = "tidemill_proxy_calls_total{proxy=\"" + kind + "\",name=\"default\",outcome=\"" +
                             std::string(NameOf(outcome)) + "\"} ";
    const std::string text = registry_.Text();
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
  }

  metrics::Registry registry_;
  http::ClientMetrics client_metrics_{registry_};
  FakeService service_{bench_.loop()};
  ProxiesSettings settings_;
  std::unique_ptr<Proxies> proxies_;
  std::vector<std::unique_ptr<TestClient>> clients_;
};

constexpr char kRpc[] = R"({"id":2,"rpc":{"method":"m","data":{"q":1}}})";

TEST_F(ProxiesTest, AskWithTheClientsHeadersAndMeta) {
  settings_.connect.enabled = true;
  settings_.connect.http_headers = {"Cookie"};
  settings_.connect.static_headers.text = R"({"X-Key":"k"})";
  settings_.rpc.include_connection_meta = true;
  settings_.rpc.http_headers = {"user-agent"};
  Use();
  service_.AnswerWith(200, R"({"result":{"user":"ann","meta":{"m":1}}})");
  auto client = bench_.Connect();
  http::Request handshake;
  handshake.headers = {{"Cookie", "a=1"}, {"User-Agent", "ua"}, {"Origin", "o"}};
  client->session().KeepHeaders(handshake);
  EXPECT_NE(Ask(*client, R"({"id":1,"connect":{"name":"js","subs":{"plain:a":{}}}})").find(R"("connect":{)"),
            std::string::npos);
  ASSERT_EQ(service_.requests.size(), 1u);
  const std::string& request = service_.requests[0];
  EXPECT_TRUE(request.starts_with("POST /connect HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << request;
  EXPECT_NE(request.find("\r\nX-Key: k\r\nCookie: a=1\r\n"), std::string::npos) << request;
  EXPECT_EQ(request.find("Origin"), std::string::npos);
  EXPECT_NE(request.find(R"({"client":")" + client->id() +
                         R"(","transport":"websocket","protocol":"json","encoding":"json","name":"js",)"
                         R"("channels":["plain:a"]})"),
            std::string::npos)
      << request;
  service_.AnswerWith(200, R"({"result":{"data":[1]}})");
  EXPECT_EQ(Ask(*client, kRpc), R"({"id":2,"rpc":{"data":[1]}})");
  EXPECT_NE(service_.requests[1].find("\r\nUser-Agent: ua\r\n"), std::string::npos) << service_.requests[1];
  EXPECT_EQ(service_.requests[1].find("tidemill"), std::string::npos);
  EXPECT_NE(service_.requests[1].find(R"("user":"ann","method":"m","data":{"q":1},"meta":{"m":1}})"),
            std::string::npos);
  EXPECT_EQ(service_.connections(), 2u) << "each proxy has its own";
  EXPECT_EQ(Calls("connect", Outcome::kResult), 1u);
}

TEST_F(ProxiesTest, WhatIsNoAnswerIsAnErrorThatMayPass) {
  settings_.rpc.response_bytes_max = 1024;
  settings_.rpc.status_to_code_transforms.text =
      R"([{"status_code":404,"to_error":{"code":444,"message":"none"}}])";
  Use();
  auto& client = Client();
  struct Case {
    const char* name;
    int status;
    std::string body;
    std::string error;
    Outcome outcome;
  };
  const std::string fails =
      R"({"code":100,"message":"internal server error: the service behind a proxy fails","temporary":true})";
  const Case cases[] = {
      {"not JSON", 200, "<html>", fails, Outcome::kMalformed},
      {"wrong types", 200, R"({"result":{"data":1,"b64data":7}})", fails, Outcome::kMalformed},
      {"binary for JSON", 200, R"({"result":{"b64data":"/wE="}})", fails, Outcome::kMalformed},
      {"huge", 200, R"({"result":{"data":")" + std::string(2000, 'x') + "\"}}", fails, Outcome::kMalformed},
      {"a status", 500, R"({"result":{}})", fails, Outcome::kStatus},
      {"a redirect", 302, "", fails, Outcome::kStatus},
      {"a status with a meaning", 404, "", R"({"code":444,"message":"none"})", Outcome::kError},
      {"an error", 200, R"({"error":{"code":1001,"message":"no"}})", R"({"code":1001,"message":"no"})",
       Outcome::kError},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::uint64_t before = Calls("rpc", c.outcome);
    service_.AnswerWith(c.status, c.body);
    EXPECT_EQ(Ask(client, kRpc), R"({"id":2,"error":)" + c.error + "}");
    EXPECT_EQ(Calls("rpc", c.outcome), before + 1);
  }
  service_.AnswerWith(200, R"({"disconnect":{"code":4444,"reason":"out"}})");
  EXPECT_EQ(Ask(client, kRpc), "");
  EXPECT_EQ(client.close_code(), 4444u);
  EXPECT_EQ(client.close_reason(), "out");
  auto& without_reason = Client();
  service_.AnswerWith(200, R"({"disconnect":{"code":4501}})");
  EXPECT_EQ(Ask(without_reason, kRpc), "");
  EXPECT_EQ(without_reason.close_code(), 4501u);
  EXPECT_EQ(without_reason.close_reason(), "force disconnect") << "without one clients do not see the code";
  EXPECT_EQ(RefusalOf(DisconnectText{.code = 4501}),
            session::Refusal(protocol::DisconnectCode{4501, "force disconnect"}));
}

// A field of protobuf's wire format: its tag, and bytes that are fewer than 128.
std::string Field(char tag, std::string_view bytes) {
  return tag + std::string(1, static_cast<char>(bytes.size())) + std::string(bytes);
}

std::string Message(std::string_view command) {
  return static_cast<char>(command.size()) + std::string(command);
}

TEST_F(ProxiesTest, DataThatAreNotJsonAreRefusedForGood) {
  settings_.connect.enabled = true;
  Use();
  service_.AnswerWith(200, R"({"result":{"user":"ann"}})");
  auto client = bench_.Connect({.encoding = protocol::Encoding::kProtobuf});
  const std::string connect = "\x08\x01" + Field('\x22', "");
  EXPECT_FALSE(Ask(*client, Message(connect)).empty());
  const std::string rpc = "\x08\x02" + Field('\x6a', Field('\x0a', "\xff\xff") + Field('\x12', "m"));
  const std::string told = Ask(*client, Message(rpc));
  EXPECT_NE(told.find("\x08\x6b\x12"), std::string::npos) << "code 107";
  EXPECT_NE(told.find("binary_encoding"), std::string::npos) << told;
  EXPECT_EQ(told.find("\x18\x01"), std::string::npos) << "not temporary";
  EXPECT_EQ(Calls("rpc", Outcome::kNotJson), 1u);
  EXPECT_EQ(service_.requests.size(), 1u);
}

TEST_F(ProxiesTest, ASlowServiceCostsTheClientItsOwnTimeOnly) {
  Use();
  service_.BeMute();
  auto& client = Client();
  auto& other = Client(R"({"sub":"v"})");
  EXPECT_EQ(client.Say(kRpc), Lines{});
  ASSERT_TRUE(UntilAsked(1));
  EXPECT_EQ(other.Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})"), Lines{R"({"id":2,"subscribe":{}})"});
  bench_.Advance(Milliseconds(1500));
  EXPECT_EQ(
      Next(client),
      R"({"id":2,"error":{"code":100,"message":"internal server error: the service behind a proxy is away",)"
      R"("temporary":true}})");
  EXPECT_EQ(Calls("rpc", Outcome::kTimeout), 1u);
}

TEST_F(ProxiesTest, WhatWaitsForAConnectionIsBounded) {
  settings_.rpc.connections_max = 1;
  settings_.rpc.waiting_max = 1;
  Use();
  service_.BeMute();
  auto& first = Client();
  auto& second = Client();
  auto& third = Client();
  first.Say(kRpc);
  ASSERT_TRUE(UntilAsked(1));
  second.Say(kRpc);
  EXPECT_EQ(
      Ask(third, kRpc),
      R"({"id":2,"error":{"code":111,"message":"too many requests: the service behind a proxy is slow",)"
      R"("temporary":true}})");
  EXPECT_EQ(Calls("rpc", Outcome::kTooManyWait), 1u);
  EXPECT_EQ(client_metrics_.refused.value(), 1u);
  service_.AnswerWith(200, R"({"result":{"data":1}})");
  service_.AnswerWaiting();
  EXPECT_EQ(Next(first), R"({"id":2,"rpc":{"data":1}})");
  EXPECT_EQ(Next(second), R"({"id":2,"rpc":{"data":1}})");
  EXPECT_EQ(service_.connections(), 1u);
}

TEST_F(ProxiesTest, TheBytesThatWaitAreBoundedToo) {
  settings_.rpc.waiting_bytes_max = 64 << 10;
  Use();
  service_.BeMute();
  const std::string large = R"({"id":2,"rpc":{"method":"m","data":")" + std::string(40 << 10, 'x') + "\"}}";
  auto& first = Client();
  auto& second = Client();
  first.Say(large);
  ASSERT_TRUE(UntilAsked(1));
  EXPECT_NE(Ask(second, large).find(R"("code":111)"), std::string::npos);
  EXPECT_EQ(Calls("rpc", Outcome::kTooManyWait), 1u);
  service_.AnswerWith(200, R"({"result":{}})");
  service_.AnswerWaiting();
  EXPECT_EQ(Next(first), R"({"id":2,"rpc":{}})");
  EXPECT_EQ(Ask(second, large), R"({"id":2,"rpc":{}})");
}

TEST_F(ProxiesTest, WhatAClientThatIsGoneWaitsForIsNotAskedUnlessItChangesSomething) {
  struct Case {
    const char* command;
    std::size_t asked;  // of three clients, of whom the second goes
  };
  const Case cases[] = {{R"({"id":2,"subscribe":{"channel":"asks:a"}})", 2},
                        {R"({"id":2,"publish":{"channel":"asks:a","data":1}})", 3}};
  settings_.subscribe.connections_max = settings_.publish.connections_max = 1;
  settings_.subscribe.waiting_max = 2;
  Use();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.command);
    service_.requests.clear();
    service_.BeMute();
    auto& first = Client();
    auto& second = Client(R"({"sub":"gone"})");
    auto& third = Client();
    first.Say(c.command);
    ASSERT_TRUE(UntilAsked(1));
    second.Say(c.command);
    third.Say(c.command);
    ReplaceEndpoints();
    second.HangUp();
    net::testing::RunTurns(bench_.loop());
    EXPECT_EQ(client_metrics_.waiting.value(), c.asked == 2 ? 1 : 2);
    service_.AnswerWith(200, R"({"result":{}})");
    service_.AnswerWaiting();
    EXPECT_TRUE(Next(first).starts_with(R"({"id":2,)"));
    EXPECT_TRUE(Next(third).starts_with(R"({"id":2,)"));
    EXPECT_EQ(service_.requests.size(), c.asked);
    const bool gone_asked = std::ranges::any_of(
        service_.requests, [](const std::string& request) { return request.contains(R"("user":"gone")"); });
    EXPECT_EQ(gone_asked, c.asked == 3);
  }
  EXPECT_EQ(
      bench_.context().metrics.refusals[static_cast<std::size_t>(session::RefusalReason::kRate)]->value(),
      0u);
}

TEST_F(ProxiesTest, AServiceThatCannotBeReachedIsLeftAloneForAMoment) {
  Use();
  service_.Close();
  auto& client = Client();
  for (int i = 0; i < 10; ++i) EXPECT_NE(Ask(client, kRpc).find(R"("code":100)"), std::string::npos);
  EXPECT_EQ(Calls("rpc", Outcome::kUnreachable), 10u);
  EXPECT_NE(Ask(client, kRpc).find(R"("code":100)"), std::string::npos);
  EXPECT_EQ(Calls("rpc", Outcome::kBreakerOpen), 1u);
  bench_.Advance(Milliseconds(1100));
  client.Hear();
  EXPECT_NE(Ask(client, kRpc).find(R"("code":100)"), std::string::npos);
  EXPECT_EQ(Calls("rpc", Outcome::kUnreachable), 11u) << "one tries";
}

TEST_F(ProxiesTest, ACallThatBeganBeforeIsNotTheOneThatTries) {
  settings_.rpc.timeout = Seconds(10);
  Use();
  service_.BeMute();
  auto& slow = Client();
  slow.Say(kRpc);
  ASSERT_TRUE(UntilAsked(1));
  service_.Close();
  auto& client = Client();
  for (int i = 0; i < 10; ++i) Ask(client, kRpc);
  EXPECT_EQ(Calls("rpc", Outcome::kUnreachable), 10u);
  bench_.Advance(Milliseconds(1100));
  client.Hear();
  Ask(client, kRpc);
  EXPECT_EQ(Calls("rpc", Outcome::kUnreachable), 11u);
  EXPECT_EQ(Calls("rpc", Outcome::kBreakerOpen), 0u);
  service_.AnswerWith(200, R"({"result":{}})");
  service_.AnswerWaiting();
  Next(slow);
}

TEST_F(ProxiesTest, HeadersCountAmongTheBytesThatWait) {
  settings_.rpc.waiting_bytes_max = 64 << 10;
  settings_.rpc.static_headers.text = R"({"X-Key":")" + std::string(40 << 10, 'x') + "\"}";
  Use();
  service_.BeMute();
  auto& first = Client();
  first.Say(kRpc);
  ASSERT_TRUE(UntilAsked(1));
  EXPECT_NE(Ask(Client(), kRpc).find(R"("code":111)"), std::string::npos);
  service_.AnswerWith(200, R"({"result":{}})");
  service_.AnswerWaiting();
  EXPECT_EQ(Next(first), R"({"id":2,"rpc":{}})");
}

TEST_F(ProxiesTest, AnswersOfClientsDoNotOpenTheBreaker) {
  Use();
  service_.AnswerWith(500, "");
  auto& client = Client();
  for (int i = 0; i < 15; ++i) Ask(client, kRpc);
  EXPECT_EQ(Calls("rpc", Outcome::kStatus), 15u);
  EXPECT_EQ(Calls("rpc", Outcome::kBreakerOpen), 0u);
}

TEST_F(ProxiesTest, OnlyQuestionsThatChangeNothingAreAskedTwice) {
  Use();
  auto& client = Client();
  service_.AnswerWith(200, R"({"result":{}})");
  EXPECT_EQ(Ask(client, R"({"id":2,"subscribe":{"channel":"asks:a"}})"), R"({"id":2,"subscribe":{}})");
  EXPECT_EQ(Ask(client, kRpc), R"({"id":2,"rpc":{}})");
  // On kept connections, whose ends are no surprise.
  service_.HangUp();
  EXPECT_NE(Ask(client, R"({"id":3,"subscribe":{"channel":"asks:b"}})").find(R"("code":100)"),
            std::string::npos);
  EXPECT_EQ(service_.requests.size(), 4u);
  EXPECT_NE(Ask(client, kRpc).find(R"("code":100)"), std::string::npos);
  EXPECT_EQ(service_.requests.size(), 5u);
  EXPECT_EQ(client_metrics_.retries.value(), 1u);
}

TEST_F(ProxiesTest, AReloadKeepsWhatIsTheSame) {
  Use();
  auto& client = Client();
  service_.AnswerWith(200, R"({"result":{"data":1}})");
  Ask(client, kRpc);
  EXPECT_EQ(service_.connections(), 1u);
  const channels::ChannelSettings& channel = bench_.context().settings->rules->settings();
  proxies_->Prepare(settings_, Tls(), channel)();
  Ask(client, kRpc);
  EXPECT_EQ(service_.connections(), 1u);
  service_.BeMute();
  client.Say(kRpc);
  ASSERT_TRUE(UntilAsked(3));
  settings_.rpc.endpoint = service_.Url("/other");
  proxies_->Prepare(settings_, Tls(), channel)();
  service_.AnswerWith(200, R"({"result":{"data":2}})");
  service_.AnswerWaiting();
  EXPECT_EQ(Next(client), R"({"id":2,"rpc":{"data":2}})") << "the call under way ends";
  Ask(client, kRpc);
  EXPECT_TRUE(service_.requests.back().starts_with("POST /other "));
}

TEST_F(ProxiesTest, AReloadTakesOverCertificatesThatWereRenewedInPlace) {
  const net::testing::CertificateFiles authority;
  const net::testing::CertificateFiles renewed;
  settings_.rpc.endpoint = "https://localhost:1/";
  settings_.rpc.tls_enabled = true;
  settings_.rpc.tls_server_ca_file = authority.certificate();
  const channels::ChannelSettings channel;
  const Endpoint::Surroundings surroundings{.loop = bench_.loop(), .registry = registry_};
  const auto open = [&](const Routes& before) {
    return OpenRoutes(surroundings, settings_, *OpenTls(settings_), channel, before);
  };
  const Routes first = open({});
  const Routes same = open(first);
  EXPECT_EQ(same.rpc.at("default"), first.rpc.at("default"));
  std::filesystem::copy_file(renewed.certificate(), authority.certificate(),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(open(same).rpc.at("default"), same.rpc.at("default"));
  // What was read in preparation is what is put in force, on each loop, whatever the file has become.
  const auto prepared = OpenTls(settings_);
  std::filesystem::resize_file(authority.certificate(), 0);
  EXPECT_NE(OpenRoutes(surroundings, settings_, *prepared, channel, same).rpc.at("default"), nullptr);
  EXPECT_FALSE(OpenTls(settings_));
  const auto shared = std::make_shared<const ProxiesTls>(*prepared);
  EXPECT_TRUE(Proxies::Make({.loop = bench_.loop(), .registry = registry_}, settings_, shared, channel));
}

TEST_F(ProxiesTest, PolledKeysAreAskedAboutAndWhatGoesWrongIsCounted) {
  channels::ChannelSettings channel = bench_.context().settings->rules->settings();
  channel.namespaces["votes"].subscription_type = "shared_poll";
  settings_.shared_poll_refresh.endpoint = service_.Url("/refresh");
  settings_.shared_poll_refresh.timeout = Milliseconds(200);
  proxies_ = Proxies::Make({.loop = bench_.loop(), .registry = registry_}, settings_, Tls(), channel);
  struct Asking {
    static Task<void> Run(Proxies& proxies, polls::Question question, bool& done,
                          std::optional<polls::Answer>& answer) {
      answer = co_await proxies.Poll(std::move(question));
      done = true;
    }
  };
  const auto ask = [&](std::string proxy = "default") {
    bool done = false;
    std::optional<polls::Answer> answer;
    TaskScope scope;
    scope.Spawn(Asking::Run(
        *proxies_, {.channel = "votes:x", .proxy = std::move(proxy), .items = {{.key = "a"}}}, done, answer));
    EXPECT_TRUE(net::testing::RunUntil(bench_.loop(), [&] { return done; }));
    return answer;
  };
  service_.AnswerWith(200, R"({"result":{"items":[{"key":"a","data":1}]}})");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->items.at(0).data, "1");
  EXPECT_TRUE(service_.requests.back().starts_with("POST /refresh "));
  EXPECT_TRUE(service_.requests.back().ends_with(R"({"channel":"votes:x","items":[{"key":"a"}]})"));
  service_.AnswerWith(200, R"({"error":{"code":1000,"message":"away"}})");
  EXPECT_FALSE(ask());
  service_.AnswerWith(200, R"({"result":{"items":1}})");
  EXPECT_FALSE(ask());
  service_.AnswerWith(500, "");
  EXPECT_FALSE(ask());
  EXPECT_FALSE(ask("nobody")) << "no such proxy";
  EXPECT_EQ(Calls("shared_poll_refresh", Outcome::kResult), 1u);
  EXPECT_EQ(Calls("shared_poll_refresh", Outcome::kError), 1u);
  EXPECT_EQ(Calls("shared_poll_refresh", Outcome::kMalformed), 1u);
  EXPECT_EQ(Calls("shared_poll_refresh", Outcome::kStatus), 1u);
}

TEST_F(ProxiesTest, RpcGoesByNamespace) {
  settings_.rpc_namespaces["mine"] = {.proxy_enabled = true, .proxy_name = "named"};
  settings_.rpc_namespaces["off"] = {};
  settings_.named["named"].endpoint = service_.Url("/named");
  settings_.rpc_ping = true;
  Use();
  auto& client = Client();
  service_.AnswerWith(200, R"({"result":{"data":1}})");
  const auto ask = [&](const char* method) {
    return Ask(client, R"({"id":2,"rpc":{"method":")" + std::string(method) + "\"}}");
  };
  EXPECT_EQ(ask("mine:x"), R"({"id":2,"rpc":{"data":1}})");
  EXPECT_TRUE(service_.requests.back().starts_with("POST /named "));
  EXPECT_EQ(ask("off:x"), R"({"id":2,"error":{"code":108,"message":"not available"}})");
  EXPECT_EQ(ask("none:x"), R"({"id":2,"error":{"code":104,"message":"method not found"}})");
  EXPECT_EQ(ask("ping"), R"({"id":2,"rpc":{}})");
}

}  // namespace
}  // namespace tidemill::proxies
