#include "http/client.h"

#include <gtest/gtest.h>

#include <string>

#include "http/response_parser.h"

namespace tidemill::http {
namespace {

TEST(Url, ParsesAndRefuses) {
  struct Case {
    const char* text;
    const char* host;  // null: refused
    int port;
    const char* target;
  };
  const Case cases[] = {
      {"http://a.com", "a.com", 80, "/"},
      {"https://a.com/keys.json?x=1#frag", "a.com", 443, "/keys.json?x=1"},
      {"http://a.com:8080/x", "a.com", 8080, "/x"},
      {"http://a.com?x", "a.com", 80, "/?x"},
      {"http://[::1]", "[::1]", 80, "/"},
      {"http://[::1]:81/", "[::1]", 81, "/"},
      {"ftp://a.com", nullptr, 0, nullptr},
      {"a.com", nullptr, 0, nullptr},
      {"http://", nullptr, 0, nullptr},
      {"http://user:pw@a.com", nullptr, 0, nullptr},
      {"http://a.com:99999", nullptr, 0, nullptr},
      {"http://a.com:", nullptr, 0, nullptr},
      {"http://a b.com", nullptr, 0, nullptr},
      {"http://a.com/\r\nX: y", nullptr, 0, nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = Url::Parse(c.text);
    ASSERT_EQ(url.has_value(), c.host != nullptr);
    if (!url) continue;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->target, c.target);
  }
}

struct Parsed {
  int status = 0;  // 0: refused or not complete
  std::string body;
};

Parsed ParseResponse(const std::string& text, std::size_t piece, bool end,
                     ResponseParser::Body body = ResponseParser::Body::kAsFramed) {
  ResponseParser parser(100, body);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto complete = parser.Feed(std::string_view(text).substr(at, piece));
    if (!complete) return {};
    if (*complete) {
      ClientResponse response = parser.Take();
      return {response.status, response.body};
    }
  }
  if (!end || !parser.End().value_or(false)) return {};
  ClientResponse response = parser.Take();
  return {response.status, response.body};
}

std::string Repeat(std::string_view text, int times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

TEST(ResponseParser, HeadHasNoBodyWhateverItSays) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
  const Parsed got = ParseResponse(text, text.size(), false, ResponseParser::Body::kNone);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "");
}

TEST(ResponseParser, ReadsEveryFraming) {
  struct Case {
    const char* name;
    std::string text;
    bool end;  // the server closes afterwards
    Parsed want;
  };
  const Case cases[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, {200, "hi"}},
      {"chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x\r\n!\r\n0\r\nT: v\r\n\r\n",
       false,
       {200, "hi!"}},
      {"until the end", "HTTP/1.0 200 OK\r\n\r\nhi", true, {200, "hi"}},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", false, {204, ""}},
      {"a 1xx first",
       "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       false,
       {200, ""}},
      {"redirect, as it is",
       "HTTP/1.1 302 Found\r\nLocation: http://x\r\nContent-Length: 0\r\n\r\n",
       false,
       {302, ""}},
      {"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", true, {}},
      {"cut chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", true, {}},
      {"too large by length", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", false, {}},
      {"too large by chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", false, {}},
      {"too large until the end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'a'), true, {}},
      {"both framings",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       false,
       {}},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", false, {}},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n", false, {}},
      {"status out of range", "HTTP/1.1 999 X\r\n\r\n", false, {}},
      {"not modified, with the length of another",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
       false,
       {304, ""}},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, {200, ""}},
      {"more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", false, {200, "hi"}},
      {"chunked twice",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       false,
       {}},
      {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, {}},
      {"gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false, {}},
      {"length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi", false, {}},
      {"chunk size with a sign",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n",
       false,
       {}},
      {"chunk longer than said",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n",
       false,
       {}},
      {"a 1xx with a length", "HTTP/1.1 103 Early\r\nContent-Length: 2\r\n\r\n", false, {}},
      {"an upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, {}},
      {"1xx without end", Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20), false, {}},
      {"trailers without end",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + Repeat("A: bcdefghijkl\r\n", 1000),
       false,
       {}},
      {"extensions without end",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
           Repeat("1;" + std::string(200, 'x') + "\r\na\r\n", 60),
       false,
       {}},
      {"status glued to its reason", "HTTP/1.1 2000\r\n\r\n", true, {}},
      {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", true, {}},
      {"malformed header", "HTTP/1.1 200 OK\r\nA b\r\n\r\n", false, {}},
      {"headers without an end", "HTTP/1.1 200 OK\r\nA: " + std::string(40000, 'a'), false, {}},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : {c.text.size(), std::size_t{1}}) {
      SCOPED_TRACE(c.name);
      const Parsed got = ParseResponse(c.text, piece, c.end);
      EXPECT_EQ(got.status, c.want.status);
      EXPECT_EQ(got.body, c.want.body);
    }
  }
}

}  // namespace
}  // namespace tidemill::http
