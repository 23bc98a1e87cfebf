#include "http/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

constexpr ServerLimits kLimits{
    .request_line_bytes_max = 100, .header_count_max = 5, .header_bytes_max = 300, .body_bytes_max = 50};

struct Outcome {
  int status = 0;  // 0 complete, -1 needs more, else refused with it
  Request request;
  std::string body;
  std::size_t used = 0;
};

Outcome ParseAll(std::string_view input) {
  RequestParser parser(kLimits);
  const auto state = parser.Parse(input);
  if (!state) return {.status = state.error().status};
  if (*state != RequestParser::State::kComplete) return {.status = -1};
  Outcome outcome;
  outcome.used = parser.Take(input, outcome.request);
  outcome.body = outcome.request.body;
  return outcome;
}

// The same byte by byte: how input is cut must not matter.
int StatusByteByByte(const std::string& input) {
  RequestParser parser(kLimits);
  for (std::size_t size = 1; size <= input.size(); ++size) {
    const std::string copy = input.substr(0, size);  // elsewhere each time, as a growing buffer may be
    const auto state = parser.Parse(copy);
    if (!state) return state.error().status;
    if (*state == RequestParser::State::kComplete) return 0;
  }
  return -1;
}

std::string Get(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}

std::string Post(std::string_view rest) { return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(rest); }

TEST(RequestParser, AcceptsAndRefuses) {
  struct Case {
    const char* name;
    std::string input;
    int status;
  };
  const std::string nul(1, '\0');
  const Case cases[] = {
      {"plain", Get(""), 0},
      {"nothing", "", -1},
      {"half a line", "GET / HT", -1},
      {"no end of headers", "GET / HTTP/1.1\r\nHost: h\r\n", -1},
      {"one empty line before", "\r\n" + Get(""), 0},
      {"two empty lines before", "\r\n\r\n" + Get(""), 400},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"Host twice", Get("Host: h\r\n"), 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"Host with credentials", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"Host with a port", "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", 0},
      {"Host with no number for a port", "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400},
      {"Host as IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
      // Lines.
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"bare LF after a header", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
      {"bare LF as the empty line", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"bare CR in a header", Get("A: b\rc\r\n"), 400},
      {"bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
      {"folded line", Get("A: b\r\n c\r\n"), 400},
      {"folded line by a tab", Get("A: b\r\n\tc\r\n"), 400},
      {"folded first line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      // Request line.
      {"lower-case version", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"no version", "GET /\r\nHost: h\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"HTTP/1.11", "GET / HTTP/1.11\r\nHost: h\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"space at the end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"tab as a separator", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"leading space", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"method with a bad byte", "GE(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute form", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"authority form", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"byte over ASCII in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"NUL in the target", "GET /" + nul + " HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"long request line", "GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"long request line without its end", "GET /" + std::string(200, 'a'), 414},
      // Headers.
      {"space before the colon", Get("A : b\r\n"), 400},
      {"empty name", Get(": b\r\n"), 400},
      {"no colon", Get("A\r\n"), 400},
      {"empty value", Get("A:\r\n"), 0},
      {"blanks around the value", Get("A: \t b \t\r\n"), 0},
      {"NUL in a value", Get("A: b" + nul + "c\r\n"), 400},
      {"NUL in a name", Get("A" + nul + ": b\r\n"), 400},
      {"DEL in a value", Get("A: \x7f\r\n"), 400},
      {"high byte in a value", Get("A: \xff\r\n"), 0},
      {"high byte in a name", Get("\xc3\xa4: b\r\n"), 400},
      {"at the number of headers", Get("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n"), 0},
      {"over the number of headers", Get("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n"), 431},
      {"over the bytes of headers", Get("A: " + std::string(500, 'a') + "\r\n"), 431},
      {"over them without an end", "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(500, 'a'), 431},
      {"two Origins", Get("Origin: http://a\r\nOrigin: http://b\r\n"), 400},
      {"two keys", Get("X-API-Key: a\r\nX-API-Key: a\r\n"), 400},
      // Content-Length.
      {"body", Post("Content-Length: 3\r\n\r\nabc"), 0},
      {"body not whole", Post("Content-Length: 3\r\n\r\nab"), -1},
      {"no body", Post("\r\n"), 0},
      {"length zero", Post("Content-Length: 0\r\n\r\n"), 0},
      {"length twice, equal", Post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400},
      {"length twice, different", Post("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400},
      {"length as a list", Post("Content-Length: 3, 3\r\n\r\nabc"), 400},
      {"length with a plus", Post("Content-Length: +3\r\n\r\nabc"), 400},
      {"length with a minus", Post("Content-Length: -3\r\n\r\nabc"), 400},
      {"length in hex", Post("Content-Length: 0x3\r\n\r\nabc"), 400},
      {"length with an underscore", Post("Content-Length: 1_0\r\n\r\nabc"), 400},
      {"length with a point", Post("Content-Length: 3.0\r\n\r\nabc"), 400},
      {"empty length", Post("Content-Length:\r\n\r\n"), 400},
      {"length with a space inside", Post("Content-Length: 1 0\r\n\r\nabc"), 400},
      {"length of 20 digits", Post("Content-Length: 99999999999999999999\r\n\r\n"), 400},
      {"length with leading zeros", Post("Content-Length: 003\r\n\r\nabc"), 0},
      {"length over the limit", Post("Content-Length: 51\r\n\r\n"), 413},
      // Transfer-Encoding.
      {"chunks", Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 0},
      {"chunked in capitals", Post("Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"), 0},
      {"beside a length", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400},
      {"length first", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"twice", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"a list", Post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400},
      {"identity", Post("Transfer-Encoding: identity\r\n\r\n"), 400},
      {"xchunked", Post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400},
      {"chunked with a parameter", Post("Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"), 400},
      {"chunked with a vertical tab",
       Post("Transfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n"),
       400},
      {"empty", Post("Transfer-Encoding:\r\n\r\n"), 400},
      {"in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunk extension", Post("Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n"), 0},
      {"chunk size with a plus", Post("Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size with 0x", Post("Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size with a space", Post("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size empty", Post("Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size too long", Post("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"), 400},
      {"chunk over the limit", Post("Transfer-Encoding: chunked\r\n\r\n33\r\n"), 413},
      {"chunks over the limit together",
       Post("Transfer-Encoding: chunked\r\n\r\n1e\r\n" + std::string(30, 'a') + "\r\n1e\r\n"), 413},
      {"chunk longer than said", Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"), 400},
      {"chunk line with a bare LF", Post("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"), 400},
      {"chunk end with a bare LF", Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n"), 400},
      {"no last chunk", Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), -1},
      {"last chunk without its end", Post("Transfer-Encoding: chunked\r\n\r\n0\r\n"), -1},
      {"long chunk extension", Post("Transfer-Encoding: chunked\r\n\r\n3;" + std::string(300, 'a')), 400},
      {"trailer", Post("Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n"), 0},
      {"malformed trailer", Post("Transfer-Encoding: chunked\r\n\r\n0\r\nA b\r\n\r\n"), 400},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ParseAll(c.input).status, c.status);
    EXPECT_EQ(StatusByteByByte(c.input), c.status);
  }
}

TEST(RequestParser, GivesTheParts) {
  const std::string input =
      "POST /api/publish?a=1&b=x%20y+z&c HTTP/1.1\r\nHost: example.com\r\nX-Thing:  two words \r\n"
      "Content-Length: 2\r\n\r\nhi";
  const std::string followed = input + "GET /next";
  const Outcome got = ParseAll(followed);

  ASSERT_EQ(got.status, 0);
  EXPECT_EQ(got.used, input.size());
  EXPECT_EQ(got.request.method, Method::kPost);
  EXPECT_EQ(got.request.path, "/api/publish");
  EXPECT_EQ(got.request.Header("x-thing"), "two words");
  EXPECT_EQ(got.request.Header("absent"), std::nullopt);
  EXPECT_EQ(got.request.QueryParameter("b"), "x y z");
  EXPECT_EQ(got.request.QueryParameter("c"), "");
  EXPECT_EQ(got.request.QueryParameter("d"), std::nullopt);
  EXPECT_EQ(got.body, "hi");
}

TEST(RequestParser, JoinsChunksAndReadsTheNextRequestFromItsStart) {
  const std::string first =
      Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\n");
  const std::string both = first + Post("Content-Length: 1\r\n\r\nz");
  RequestParser parser(kLimits);
  Request request;

  ASSERT_EQ(*parser.Parse(both), RequestParser::State::kComplete);
  EXPECT_EQ(parser.Take(both, request), first.size());
  EXPECT_EQ(request.body, "abcde");

  const std::string rest = both.substr(first.size());
  ASSERT_EQ(*parser.Parse(rest), RequestParser::State::kComplete);
  EXPECT_EQ(parser.Take(rest, request), rest.size());
  EXPECT_EQ(request.body, "z");
}

TEST(RequestParser, SeesWhoWaitsForContinue) {
  RequestParser parser(kLimits);
  ASSERT_EQ(*parser.Parse(Post("Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")),
            RequestParser::State::kBody);
  EXPECT_TRUE(parser.expects_continue());
}

TEST(Request, FindsTokensInLists) {
  Request request;
  request.headers = {{"Connection", "keep-alive, Upgrade"}, {"connection", "x"}};
  EXPECT_TRUE(request.HeaderHasToken("Connection", "upgrade"));
  EXPECT_TRUE(request.HeaderHasToken("CONNECTION", "X"));
  EXPECT_FALSE(request.HeaderHasToken("Connection", "grade"));
}

}  // namespace
}  // namespace tidemill::http
