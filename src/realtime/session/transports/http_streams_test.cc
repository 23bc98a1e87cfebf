#include "realtime/session/transports/http_streams.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/server.h"
#include "net/testing/harness.h"
#include "realtime/session/session_secret.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

BenchSettings WithOrigins() {
  BenchSettings settings = TestSettings();
  settings.client.allowed_origins = {"https://good.com"};
  settings.client.queue_max_size = 64 * 1024;
  return settings;
}

std::string Post(std::string_view path, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

// What stands behind "name":" in a text of JSON.
std::string Member(std::string_view json, std::string_view name) {
  const std::string begin = "\"" + std::string(name) + "\":\"";
  const std::size_t at = json.find(begin);
  if (at == json.npos) return "";
  json.remove_prefix(at + begin.size());
  return std::string(json.substr(0, json.find('"')));
}

// Without the offset and the epoch of publications.
std::string WithoutPositions(std::string text) {
  for (std::size_t at = 0; (at = text.find(",\"offset\":")) != text.npos;)
    text.erase(at, text.find('}', at) - at);
  return text;
}

// A server with these endpoints alone; clients that speak to it in bytes.
class HttpStreamsTest : public SessionTest {
 protected:
  HttpStreamsTest() : SessionTest(WithOrigins()) {
    AddHttpStreamRoutes(bench_.context(), *router_);
    server_ = http::Server::Make(bench_.loop(), router_,
                                 {.policy = {.cors = {.allowed_origins = {"https://good.com"}}}});
  }
  ~HttpStreamsTest() override {
    server_.reset();
    router_.reset();
    for (int turns = 0; turns < 10; ++turns) bench_.Turn();
  }

  net::Fd Connect() {
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(bench_.loop(), theirs.Release(), {}, nullptr),
                      net::Admission::kAdmitted);
    return std::move(ours);
  }
  std::string Hear(const net::Fd& fd) {
    net::testing::RunTurns(bench_.loop(), 8);
    return net::testing::ReadAvailable(fd.get());
  }
  std::string Say(const net::Fd& fd, std::string_view bytes) {
    net::testing::WriteAll(fd.get(), bytes);
    return Hear(fd);
  }
  // The status of the answer to a POST on a connection of its own.
  std::string Emulate(std::string_view session, std::string_view commands, std::string_view node = "node",
                      std::string_view headers = "") {
    const std::string body = "{\"session\":" + JsonString(session) + ",\"node\":" + JsonString(node) +
                             ",\"data\":" + JsonString(commands) + "}";
    return Say(Connect(), Post("/emulation", body, headers)).substr(9, 3);
  }

  // What a client of SSE that has connected got first: head and answer.
  std::string ConnectSse(const net::Fd& fd) {
    return Say(fd,
               "GET /sse?cf_connect=%7B%22id%22%3A1%2C%22connect%22%3A%7B%7D%7D HTTP/1.1\r\nHost: h\r\n"
               "Origin: https://good.com\r\n\r\n");
  }
  std::string ConnectStream(const net::Fd& fd, std::string_view headers = "") {
    return Say(fd, Post("/http_stream", R"({"id":1,"connect":{}})", headers));
  }

  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpStreamsTest, AnEventStreamBeginsWithItsHeadAndTheAnswer) {
  const net::Fd fd = Connect();
  const std::string got = ConnectSse(fd);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
  for (const char* header :
       {"Content-Type: text/event-stream; charset=utf-8\r\n", "X-Accel-Buffering: no\r\n",
        "Cache-Control: private, no-cache, no-store, must-revalidate, max-age=0\r\n",
        "Access-Control-Allow-Origin: https://good.com\r\n", "Connection: close\r\n"}) {
    EXPECT_NE(got.find(header), got.npos) << header << got;
  }
  EXPECT_EQ(got.find("Content-Length"), got.npos);
  const std::string body = got.substr(got.find("\r\n\r\n") + 4);
  EXPECT_TRUE(body.starts_with("data: {\"id\":1,\"connect\":{\"client\":\"")) << body;
  EXPECT_TRUE(body.ends_with("}\n\n")) << body;
  EXPECT_EQ(Member(body, "node"), "node");
  EXPECT_TRUE(ParseSessionSecret(Member(body, "session"))) << body;
}

TEST_F(HttpStreamsTest, ACommandComesInAnotherRequestAndItsAnswerOnTheStream) {
  const net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  EXPECT_EQ(Emulate(session, "{\"id\":2,\"subscribe\":{\"channel\":\"plain:a\"}}\n{\"id\":3,\"rpc\":{}}"),
            "204");
  EXPECT_EQ(Hear(fd),
            "data: {\"id\":2,\"subscribe\":{}}\n\n"
            "data: {\"id\":3,\"error\":{\"code\":108,\"message\":\"not available\"}}\n\n");
  bench_.Publish("plain:a", "7");
  EXPECT_EQ(WithoutPositions(Hear(fd)),
            "data: {\"push\":{\"channel\":\"plain:a\",\"pub\":{\"data\":7}}}\n\n");
}

TEST_F(HttpStreamsTest, MessagesOfAStreamAreLinesOrProtobuf) {
  const net::Fd json = Connect();
  const std::string session = Member(ConnectStream(json), "session");
  EXPECT_EQ(Emulate(session, R"({"id":2,"subscribe":{"channel":"plain:a"}})"), "204");
  EXPECT_EQ(Hear(json), "{\"id\":2,\"subscribe\":{}}\n");

  const net::Fd binary = Connect();
  const std::string connect("\x04\x08\x01\x22\x00", 5);  // id 1, connect {}
  const std::string got =
      Say(binary, Post("/http_stream", connect, "Content-Type: application/octet-stream\r\n"));
  EXPECT_NE(got.find("Content-Type: application/octet-stream\r\n"), got.npos) << got;
  const std::string body = got.substr(got.find("\r\n\r\n") + 4);
  const std::string secret = body.substr(body.find("J$") + 2, 36);  // field 9, 36 bytes
  // Fields 1 to 3 of EmulationRequest; subscribe {channel "plain:a"} with id 2.
  const std::string command = "\x0d\x08\x02\x2a\x09\x0a\x07plain:a";
  const std::string request = "\x0a\x04node\x12\x24" + secret + "\x1a\x0e" + command;
  EXPECT_EQ(
      Say(Connect(), Post("/emulation", request, "Content-Type: application/octet-stream\r\n")).substr(9, 3),
      "204");
  EXPECT_EQ(Hear(binary), std::string("\x04\x08\x02\x32\x00", 5));

  bench_.Publish("plain:a", "7");
  EXPECT_EQ(WithoutPositions(Hear(json)), "{\"push\":{\"channel\":\"plain:a\",\"pub\":{\"data\":7}}}\n");
  const std::string publication = Hear(binary);
  EXPECT_EQ(static_cast<std::size_t>(publication[0]) + 1, publication.size())
      << "one message behind its length";
  EXPECT_NE(publication.find(std::string("\x12\x07plain:a\x22", 10)), publication.npos) << publication;
}

TEST_F(HttpStreamsTest, SubscribersOfOneFormShareOneLog) {
  std::vector<net::Fd> fds;
  for (int i = 0; i < 3; ++i) {
    fds.push_back(Connect());
    const std::string session = Member(ConnectSse(fds.back()), "session");
    ASSERT_EQ(Emulate(session, R"({"id":2,"subscribe":{"channel":"plain:a"}})"), "204");
    Hear(fds.back());
  }
  const auto before = bench_.context().hub.segments().bytes_in_use();
  bench_.Publish("plain:a", "[1]");
  bench_.Publish("plain:a", "[2]");
  net::testing::RunTurns(bench_.loop(), 8);
  EXPECT_EQ(bench_.context().hub.segments().bytes_in_use(), before) << "all of it has been sent";
  for (const net::Fd& fd : fds) {
    EXPECT_EQ(WithoutPositions(Hear(fd)),
              "data: {\"push\":{\"channel\":\"plain:a\",\"pub\":{\"data\":[1]}}}\n\n"
              "data: {\"push\":{\"channel\":\"plain:a\",\"pub\":{\"data\":[2]}}}\n\n");
  }
}

TEST_F(HttpStreamsTest, ADisconnectIsAMessageAndTheEndOfTheStream) {
  const net::Fd fd = Connect();
  ConnectSse(fd);
  ASSERT_TRUE(bench_.Apply({.user = ""}, control::Disconnect{3503, "bye"}));
  EXPECT_EQ(Hear(fd), "data: {\"push\":{\"disconnect\":{\"code\":3503,\"reason\":\"bye\"}}}\n\n");
  char byte = 0;
  EXPECT_EQ(recv(fd.get(), &byte, 1, MSG_DONTWAIT), 0) << "the response has ended";
  EXPECT_EQ(bench_.context().registry.sessions(), 0u);
}

TEST_F(HttpStreamsTest, APongComesByEmulationAndSilenceEndsTheSession) {
  const net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  std::string heard;
  for (int seconds = 0; heard.empty() && seconds < 26; ++seconds) {
    bench_.Advance(Seconds(1));
    heard = Hear(fd);
  }
  EXPECT_EQ(heard, "data: {}\n\n");
  EXPECT_EQ(Emulate(session, "{}"), "204");
  bench_.Advance(Seconds(26));
  EXPECT_EQ(Hear(fd), "data: {}\n\n");
  bench_.Advance(Seconds(9));
  EXPECT_EQ(Hear(fd), "data: {\"push\":{\"disconnect\":{\"code\":3012,\"reason\":\"no pong\"}}}\n\n");
}

TEST_F(HttpStreamsTest, WhoHangsUpLeavesItsChannels) {
  net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  Emulate(session, R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  EXPECT_EQ(bench_.context().hub.subscriptions(), 1u);
  fd.Reset();
  net::testing::RunTurns(bench_.loop(), 8);
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u);
  EXPECT_EQ(Emulate(session, R"({"id":3,"rpc":{}})"), "404") << "replayed after its end";
}

TEST_F(HttpStreamsTest, WhoDoesNotReadIsClosedAndTheOthersGoOn) {
  const net::Fd slow = Connect();
  const net::Fd fast = Connect();
  for (const net::Fd* fd : {&slow, &fast}) {
    const std::string session = Member(ConnectSse(*fd), "session");
    ASSERT_EQ(Emulate(session, R"({"id":2,"subscribe":{"channel":"plain:a"}})"), "204");
    Hear(*fd);
  }
  std::size_t heard = 0;
  const std::string data = "\"" + std::string(64 * 1024, 'x') + "\"";
  int published = 0;
  for (; bench_.context().registry.sessions() == 2 && published < 1000; ++published) {
    bench_.Publish("plain:a", data);
    bench_.Advance(Milliseconds(1));
    heard += Hear(fast).size();
  }
  EXPECT_EQ(bench_.context().registry.sessions(), 1u);
  EXPECT_GE(heard, static_cast<std::size_t>(published) * data.size());
  std::string last;
  for (int reads = 0; reads < 1000; ++reads) {
    const std::string more = Hear(slow);
    if (more.empty()) break;
    last = last.substr(last.size() > 100 ? last.size() - 100 : 0) + more;
  }
  EXPECT_TRUE(last.ends_with("\n\ndata: {\"push\":{\"disconnect\":{\"code\":3008,\"reason\":\"slow\"}}}\n\n"))
      << last.substr(last.size() - 200);
}

TEST_F(HttpStreamsTest, EmulationIsRefusedByName) {
  const net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  const std::string command = R"({"id":2,"rpc":{}})";
  std::string foreign = session;
  foreign[35] = foreign[35] == '0' ? '1' : '0';
  std::string other_loop = session;
  other_loop[3] = '7';
  EXPECT_EQ(Emulate(foreign, command), "404");
  EXPECT_EQ(Emulate(other_loop, command), "404");
  EXPECT_EQ(Emulate(MakeSessionSecret(0).ToString(), command), "404");
  EXPECT_EQ(Emulate("not a secret", command), "404");
  EXPECT_EQ(Emulate(session, command, "another node"), "404");
  EXPECT_EQ(Emulate(session, command, "node", "Origin: https://evil.com\r\n"), "403");
  EXPECT_EQ(Say(Connect(), Post("/emulation", "{")).substr(9, 3), "400");
  EXPECT_EQ(Say(Connect(), Post("/emulation", std::string(65537, ' '))).substr(9, 3), "413");
  EXPECT_EQ(Hear(fd), "") << "the session has heard of none of it";
  EXPECT_EQ(Emulate(session, command, ""), "204") << "without a node this one is meant";
  EXPECT_EQ(Hear(fd), "data: {\"id\":2,\"error\":{\"code\":108,\"message\":\"not available\"}}\n\n");
  const SessionMetrics& metrics = bench_.context().metrics;
  EXPECT_EQ(metrics.emulation_no_session.value(), 5u);
  EXPECT_EQ(metrics.emulation_malformed.value(), 1u);
  EXPECT_EQ(metrics.emulated.value(), 1u);
}

TEST_F(HttpStreamsTest, AReplayedConnectEndsTheSession) {
  const net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  EXPECT_EQ(Emulate(session, R"({"id":1,"connect":{}})"), "204");
  EXPECT_EQ(Hear(fd), "data: {\"push\":{\"disconnect\":{\"code\":3501,\"reason\":\"bad request\"}}}\n\n");
}

TEST_F(HttpStreamsTest, AFloodThatTheSessionDoesNotComeToIsRefusedAndEndsIt) {
  const net::Fd fd = Connect();
  const std::string session = Member(ConnectSse(fd), "session");
  bench_.broker().Pause();
  Emulate(session, R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  const std::string commands = R"({"id":3,"rpc":{"method":")" + std::string(60'000, 'm') + "\"}}";
  std::string status = "204";
  int requests = 0;
  for (; status == "204" && requests < 100; ++requests) status = Emulate(session, commands);
  EXPECT_EQ(status, "429");
  EXPECT_GT(requests, 10) << "a burst is no flood";
  EXPECT_EQ(Hear(fd),
            "data: {\"push\":{\"disconnect\":{\"code\":3013,\"reason\":\"too many requests\"}}}\n\n");
  EXPECT_EQ(bench_.context().metrics.emulation_refused.value(), 1u);
  bench_.broker().Resume();
  net::testing::RunTurns(bench_.loop(), 8);
}

TEST_F(HttpStreamsTest, ConnectingIsRefusedByName) {
  struct Case {
    const char* name;
    std::string request;
    const char* status;
  };
  const std::string connect = R"({"id":1,"connect":{}})";
  const Case cases[] = {
      {"no commands", "GET /sse HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"only empty ones", "GET /sse?cf_connect= HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"a stream takes no GET", "GET /http_stream?cf_connect=%7B%7D HTTP/1.1\r\nHost: h\r\n\r\n", "405"},
      {"a foreign page", Post("/sse", connect, "Origin: https://evil.com\r\n"), "403"},
      {"too long", Post("/http_stream", std::string(65537, ' ')), "413"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Say(Connect(), c.request).substr(9, 3), c.status);
  }
  const net::Fd fd = Connect();
  const std::string got = Say(fd, Post("/sse", "no json"));
  EXPECT_TRUE(
      got.ends_with("data: {\"push\":{\"disconnect\":{\"code\":3501,\"reason\":\"bad request\"}}}\n\n"))
      << got;
  bench_.context().draining = true;
  EXPECT_EQ(Say(Connect(), Post("/sse", connect)).substr(9, 3), "503");
}

TEST_F(HttpStreamsTest, WhatFollowsTheRequestIsPassedOverUpToALimit) {
  const net::Fd fd = Connect();
  ConnectSse(fd);
  EXPECT_EQ(Say(fd, std::string(16 * 1024, 'x')), "");
  EXPECT_EQ(bench_.context().registry.sessions(), 1u);
  EXPECT_EQ(Say(fd, "x"), "data: {\"push\":{\"disconnect\":{\"code\":3501,\"reason\":\"bad request\"}}}\n\n");
}

TEST_F(HttpStreamsTest, TheServersApiFindsASessionByItsSecret) {
  const net::Fd first = Connect();
  const net::Fd second = Connect();
  const std::string session = Member(ConnectSse(first), "session");
  ConnectStream(second);
  ASSERT_TRUE(bench_.Apply({.user = "", .session = session}, control::Subscribe{.channel = "closed:x"}));
  EXPECT_EQ(Hear(first), "data: {\"push\":{\"channel\":\"closed:x\",\"subscribe\":{}}}\n\n");
  EXPECT_EQ(Hear(second), "");
}

// ---- of clients that only listen

std::string BodyOf(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }

TEST_F(HttpStreamsTest, AListenerGetsBarePushes) {
  const net::Fd fd = Connect();
  const std::string body = BodyOf(Say(fd, "GET /uni_sse HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(body.starts_with("data: {\"connect\":{\"client\":\"")) << body;
  EXPECT_EQ(Member(body, "node"), "") << "it sends no requests";
  EXPECT_EQ(body.find("pong"), body.npos) << body;
  const std::string session = Member(body, "session");
  ASSERT_TRUE(bench_.Apply({.user = "", .session = session}, control::Subscribe{.channel = "closed:x"}));
  EXPECT_EQ(Hear(fd), "data: {\"channel\":\"closed:x\",\"subscribe\":{}}\n\n");
  bench_.Publish("closed:x", "7");
  EXPECT_EQ(WithoutPositions(Hear(fd)), "data: {\"channel\":\"closed:x\",\"pub\":{\"data\":7}}\n\n");
  EXPECT_EQ(Emulate(session, R"({"id":2,"rpc":{}})"), "403");
  bench_.Advance(Seconds(26));
  EXPECT_EQ(Hear(fd), "data: {}\n\n");
  bench_.Advance(Seconds(25));
  EXPECT_EQ(Hear(fd), "data: {}\n\n") << "no pong is awaited";
  bench_.Apply({.user = "", .session = session}, control::Disconnect{3503, "bye"});
  EXPECT_EQ(Hear(fd), "data: {\"disconnect\":{\"code\":3503,\"reason\":\"bye\"}}\n\n");
}

TEST_F(HttpStreamsTest, AListenerRecoversWhatItNames) {
  bench_.Publish("room:a", "1");
  bench_.Publish("room:a", "2");
  const std::string epoch = EpochOf("room:a");
  const std::string token = SessionBench::Token(R"({"sub":"u","channels":["room:a"]})");
  const std::string connect = R"({"token":")" + token +
                              R"(","subs":{"room:a":{"recover":true,"offset":1,"epoch":")" + epoch + "\"}}}";
  for (const char* path : {"/uni_sse", "/uni_http_stream"}) {
    SCOPED_TRACE(path);
    const net::Fd fd = Connect();
    const std::string body = BodyOf(Say(fd, Post(path, connect)));
    EXPECT_NE(body.find(R"("publications":[{"data":2,"offset":2}],"recovered":true)"), body.npos) << body;
    EXPECT_NE(body.find(R"({"channel":"room:a","join":{"info":{"user":"u")"), body.npos) << body;
  }
}

TEST_F(HttpStreamsTest, AListenersRefusalIsADisconnect) {
  const std::string expired = SessionBench::Token(R"({"sub":"u","exp":1})");
  struct Case {
    const char* name;
    std::string body;
    const char* want;
  };
  const Case cases[] = {
      {"a token that is none", R"({"token":"x"})",
       R"({"disconnect":{"code":3500,"reason":"invalid token"}})"},
      {"an expired token, error 109", R"({"token":")" + expired + "\"}",
       R"({"disconnect":{"code":3005,"reason":"connection expired"}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(BodyOf(Say(Connect(), Post("/uni_http_stream", c.body))), std::string(c.want) + "\n");
  }
  EXPECT_EQ(Say(Connect(), Post("/uni_http_stream", "no json")).substr(9, 3), "400");
  EXPECT_EQ(Say(Connect(), Post("/uni_http_stream", "")).substr(9, 3), "400");
  EXPECT_EQ(Say(Connect(), "GET /uni_sse?cf_connect=%5B%5D HTTP/1.1\r\nHost: h\r\n\r\n").substr(9, 3), "400");
}

TEST_F(HttpStreamsTest, WhereTheSettingsSaySoARefusalIsAnAnswerInHttp) {
  auto settings = std::make_shared<SessionSettings>(*bench_.context().settings);
  settings->uni_sse.connect_codes_as_statuses = true;
  settings->uni_sse.connect_statuses = {"109 418 log in again"};
  bench_.context().settings = settings;
  const std::string refused = Say(Connect(), Post("/uni_sse", R"({"token":"x"})"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 401 Unauthorized\r\n")) << refused;
  EXPECT_NE(refused.find("Content-Type: text/plain; charset=utf-8\r\n"), refused.npos) << refused;
  EXPECT_EQ(BodyOf(refused), "invalid token");
  const std::string expired = SessionBench::Token(R"({"sub":"u","exp":1})");
  const std::string configured = Say(Connect(), Post("/uni_sse", R"({"token":")" + expired + "\"}"));
  EXPECT_TRUE(configured.starts_with("HTTP/1.1 418 ")) << configured;
  EXPECT_EQ(BodyOf(configured), "log in again");

  const net::Fd fd = Connect();
  const std::string accepted = Say(fd, Post("/uni_sse", "{}"));
  EXPECT_TRUE(accepted.starts_with("HTTP/1.1 200 OK\r\n")) << accepted;
  EXPECT_TRUE(BodyOf(accepted).starts_with("data: {\"connect\":")) << accepted;
  bench_.Apply({.user = ""}, control::Disconnect{3503, "bye"});
  EXPECT_EQ(Hear(fd), "data: {\"disconnect\":{\"code\":3503,\"reason\":\"bye\"}}\n\n");
}

TEST_F(HttpStreamsTest, ConnectionsAreCountedByTransport) {
  const net::Fd sse = Connect();
  const net::Fd lines = Connect();
  ConnectSse(sse);
  ConnectStream(lines);
  const auto count = [&](TransportKind kind) {
    return bench_.context().metrics.transport_connections[static_cast<std::size_t>(kind)]->value();
  };
  EXPECT_EQ(count(TransportKind::kSse), 1);
  EXPECT_EQ(count(TransportKind::kHttpStream), 1);
  EXPECT_EQ(count(TransportKind::kWebsocket), 0);
  bench_.Apply({.user = ""}, control::Disconnect{3503, "bye"});
  EXPECT_EQ(count(TransportKind::kSse), 0);
}

}  // namespace
}  // namespace tidemill::session
