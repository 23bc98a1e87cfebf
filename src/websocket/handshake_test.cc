#include "websocket/handshake.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tidemill::websocket {
namespace {

using Headers = std::vector<http::HeaderView>;

// A good request, then changed: a header named in `replaced` loses its old value; an empty value removes it.
http::Request MakeRequest(const Headers& replaced, const Headers& added = {}) {
  http::Request request;
  request.method_name = "GET";
  request.target = request.path = "/ws";
  request.headers = {{"Host", "chat.example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const http::HeaderView& header : replaced) {
    std::erase_if(request.headers, [&](const http::HeaderView& old) { return old.name == header.name; });
    if (!header.value.empty()) request.headers.push_back(header);
  }
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  return request;
}

int StatusOf(const http::Request& request, const HandshakeOptions& options = {}) {
  const auto handshake = AcceptHandshake(request, options);
  return handshake ? 101 : handshake.error().status;
}

TEST(AcceptKey, AnswersTheExampleOfTheRfc) {
  EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(AcceptHandshake, GivesTheWholeResponse) {
  const auto handshake = AcceptHandshake(MakeRequest({}), {});
  ASSERT_TRUE(handshake);
  EXPECT_EQ(handshake->response,
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "\r\n");
  EXPECT_EQ(handshake->subprotocol, "");
  EXPECT_FALSE(handshake->deflate);
}

TEST(AcceptHandshake, AcceptsAndRefuses) {
  struct Case {
    const char* name;
    int status;
    Headers replaced;
    Headers added = {};
  };
  const Case cases[] = {
      {"good", 101, {}},
      {"lower case tokens", 101, {{"Upgrade", "WebSocket"}, {"Connection", "upgrade"}}},
      {"Connection list", 101, {{"Connection", "keep-alive ,\tUpgrade"}}},
      {"Connection twice", 101, {{"Connection", "keep-alive"}}, {{"connection", "Upgrade"}}},
      {"Upgrade list", 101, {{"Upgrade", "h2c, websocket"}}},
      {"Content-Length 0", 101, {{"Content-Length", "0"}}},
      {"origin of the same host", 101, {{"Origin", "http://chat.example.com"}}},
      {"no Upgrade", 400, {{"Upgrade", ""}}},
      {"another Upgrade", 400, {{"Upgrade", "websocket2"}}},
      {"no Connection", 400, {{"Connection", ""}}},
      {"Connection without it", 400, {{"Connection", "keep-alive"}}},
      {"no key", 400, {{"Sec-WebSocket-Key", ""}}},
      {"two keys", 400, {}, {{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}},
      {"15-byte key", 400, {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"}}},
      {"17-byte key", 400, {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZWU="}}},
      {"key of other letters", 400, {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25-ZQ=="}}},
      {"no version", 400, {{"Sec-WebSocket-Version", ""}}},
      {"version 8", 426, {{"Sec-WebSocket-Version", "8"}}},
      {"version 14", 426, {{"Sec-WebSocket-Version", "14"}}},
      {"two versions", 400, {}, {{"Sec-WebSocket-Version", "13"}}},
      {"a body", 400, {{"Content-Length", "5"}}},
      {"a chunked body", 400, {{"Transfer-Encoding", "chunked"}}},
      {"another origin", 403, {{"Origin", "http://evil.example"}}},
      {"null origin", 403, {{"Origin", "null"}}},
      {"two origins", 403, {{"Origin", "http://chat.example.com"}}, {{"Origin", "http://chat.example.com"}}},
      {"malformed extensions", 400, {{"Sec-WebSocket-Extensions", "permessage-deflate;"}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(StatusOf(MakeRequest(c.replaced, c.added)), c.status);
  }
}

TEST(AcceptHandshake, RefusesOtherMethodsAndHttp10) {
  http::Request post = MakeRequest({});
  post.method = http::Method::kPost;
  EXPECT_EQ(StatusOf(post), 405);
  http::Request old = MakeRequest({});
  old.version_minor = 0;
  EXPECT_EQ(StatusOf(old), 400);
  http::Request body = MakeRequest({});
  body.body = "x";
  EXPECT_EQ(StatusOf(body), 400);
}

TEST(AcceptHandshake, NamesItsVersionWhenItRefusesAnother) {
  const auto handshake = AcceptHandshake(MakeRequest({{"Sec-WebSocket-Version", "8"}}), {});
  ASSERT_FALSE(handshake);
  const std::pair<std::string, std::string> version{"Sec-WebSocket-Version", "13"};
  EXPECT_EQ(std::ranges::count(handshake.error().headers, version), 1);
  EXPECT_TRUE(handshake.error().close);
}

TEST(AcceptHandshake, LetsListedOriginsIn) {
  const std::string allowed[] = {"https://*.example.org"};
  const HandshakeOptions options{.subprotocols = {}, .allowed_origins = allowed};
  EXPECT_EQ(StatusOf(MakeRequest({{"Origin", "https://app.example.org"}}), options), 101);
  EXPECT_EQ(StatusOf(MakeRequest({{"Origin", "https://app.example.net"}}), options), 403);
  EXPECT_EQ(StatusOf(MakeRequest({}), options), 101) << "clients that are no browsers send no Origin";
}

TEST(AcceptHandshake, ChoosesOurMostWantedSubprotocol) {
  constexpr std::string_view kOurs[] = {"centrifuge-protobuf", "centrifuge-json"};
  struct Case {
    const char* offered;
    std::string_view chosen;
  };
  const Case cases[] = {
      {"centrifuge-json", "centrifuge-json"},
      {"centrifuge-json, centrifuge-protobuf", "centrifuge-protobuf"},
      {"chat , centrifuge-json", "centrifuge-json"},
      {"CENTRIFUGE-JSON", ""},
      {"chat", ""},
      {",", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.offered);
    const auto handshake = AcceptHandshake(MakeRequest({{"Sec-WebSocket-Protocol", c.offered}}),
                                           {.subprotocols = kOurs, .allowed_origins = {}});
    ASSERT_TRUE(handshake);
    EXPECT_EQ(handshake->subprotocol, c.chosen);
    EXPECT_EQ(handshake->response.contains("Sec-WebSocket-Protocol: "), !c.chosen.empty());
  }
}

TEST(AcceptHandshake, AgreesToDeflateOnlyWhenItIsOn) {
  const http::Request request = MakeRequest({{"Sec-WebSocket-Extensions", "x-other"}},
                                            {{"Sec-WebSocket-Extensions", "permessage-deflate"}});
  const auto off = AcceptHandshake(request, {});
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->deflate);
  EXPECT_FALSE(off->response.contains("Extensions"));
  const auto on = AcceptHandshake(request, {.subprotocols = {}, .deflate = true, .allowed_origins = {}});
  ASSERT_TRUE(on);
  EXPECT_TRUE(on->deflate);
  EXPECT_TRUE(on->response.contains("\r\nSec-WebSocket-Extensions: permessage-deflate; "));
}

}  // namespace
}  // namespace tidemill::websocket
