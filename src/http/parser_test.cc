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
      {"Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 0},
      {"Host as IPv6 with an empty port", "GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n", 0},
      {"Host with two colons", "GET / HTTP/1.1\r\nHost: a::\r\n\r\n", 400},
      {"Host of a colon", "GET / HTTP/1.1\r\nHost: :\r\n\r\n", 400},
      {"absolute form with an empty port", "GET http://h:/ HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute form beside an empty port", "GET http://h/ HTTP/1.1\r\nHost: h:\r\n\r\n", 0},
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
      {"absolute form", "GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute form in capitals", "GET HTTPS://H HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute form in HTTP/1.0", "GET http://h/ HTTP/1.0\r\n\r\n", 0},
      {"absolute form without Host", "GET http://h/ HTTP/1.1\r\n\r\n", 400},
      {"absolute form of another host", "GET http://i/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form of another port", "GET http://h:81/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form beside an empty Host", "GET http://h/ HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"absolute form without a host", "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form with credentials", "GET http://a@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form with a bad port", "GET http://h:x/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form of another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form cut", "GET http:/h HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute form with a fragment", "GET http://h/#a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"relative path", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"only a query", "GET ?a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"authority form", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute form without a path for OPTIONS", "OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"asterisk with more", "OPTIONS *a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT to a path", "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"method of token bytes", "M-SEARCH / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"byte over ASCII in the method", "G\xc3\xa4T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"only a method", "GET\r\nHost: h\r\n\r\n", 400},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"HTTP/a.b", "GET / HTTP/a.b\r\nHost: h\r\n\r\n", 400},
      {"HTTP/1", "GET / HTTP/1\r\nHost: h\r\n\r\n", 400},
      {"another protocol", "GET / SIP/2.0\r\nHost: h\r\n\r\n", 400},
      {"two lines of request", "GET / HTTP/1.1 GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"TLS greeting", "\x16\x03\x01", 400},
      {"NUL first", nul, 400},
      {"LF first", "\n", 400},
      {"only a CR", "\r", -1},
      {"CR and no LF", "\rG", 400},
      {"only an empty line", "\r\n", -1},
      {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"encoded bytes in the target", "GET /%00%2e HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"request line at its limit", "GET /" + std::string(85, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"request line one over it", "GET /" + std::string(86, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
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
      {"tab before the colon", Get("A\t: b\r\n"), 400},
      {"tab inside a value", Get("A: b\tc\r\n"), 0},
      {"vertical tab in a value", Get("A: b\x0b\r\n"), 400},
      {"escape in a value", Get("A: \x1b[2J\r\n"), 400},
      {"name with a slash", Get("A/b: c\r\n"), 400},
      {"name with brackets", Get("A[]: c\r\n"), 400},
      {"name in quotes", Get("\"A\": c\r\n"), 400},
      {"underscore in a name", Get("A_b: c\r\n"), 0},
      {"LF CR", "GET / HTTP/1.1\n\rHost: h\n\r\n\r", 400},
      {"CR at the end of a value", Get("A: b\r\r\n"), 400},
      {"Host with a blank inside", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"Host as a list", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
      {"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400},
      {"Host with a port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},
      {"Host cut in its brackets", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"Host twice in other case", Get("hOST: h\r\n"), 400},
      {"Host twice in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400},
      {"two Authorizations", Get("Authorization: a\r\nAuthorization: b\r\n"), 400},
      {"a repeated header that may be", Get("A: 1\r\nA: 2\r\n"), 0},
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
      {"length with many leading zeros", Post("Content-Length: " + std::string(40, '0') + "3\r\n\r\nabc"), 0},
      {"length of many zeros", Post("Content-Length: " + std::string(40, '0') + "\r\n\r\n"), 0},
      {"length of zeros and a sign", Post("Content-Length: 00+3\r\n\r\nabc"), 400},
      {"length over 64 bits after zeros", Post("Content-Length: 0018446744073709551617\r\n\r\n"), 400},
      {"length with a tab inside", Post("Content-Length: 1\t0\r\n\r\nabc"), 400},
      {"length with an exponent", Post("Content-Length: 1e1\r\n\r\nabc"), 400},
      {"length in quotes", Post("Content-Length: \"3\"\r\n\r\nabc"), 400},
      {"length of 2^64", Post("Content-Length: 18446744073709551616\r\n\r\n"), 400},
      {"length with an invisible byte", Post("Content-Length: 3\xc2\xa0\r\n\r\nabc"), 400},
      {"length twice in other case", Post("Content-Length: 3\r\ncONTENT-lENGTH: 3\r\n\r\nabc"), 400},
      {"length with a space before the colon", Post("Content-Length : 3\r\n\r\nabc"), 400},
      {"length at the limit", Post("Content-Length: 50\r\n\r\n" + std::string(50, 'a')), 0},
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
      {"chunked, chunked", Post("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400},
      {"chunked and a comma", Post("Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"), 400},
      {"folded chunked", Post("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), 400},
      {"identity and chunked",
       Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"space before its colon", Post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), 400},
      {"another header of a like name", Post("Transfer_Encoding: chunked\r\n\r\n"), 0},
      {"empty", Post("Transfer-Encoding:\r\n\r\n"), 400},
      {"in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunk extension", Post("Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n"), 0},
      {"chunk size with a plus", Post("Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size with 0x", Post("Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size with a space", Post("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size empty", Post("Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size too long", Post("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"), 400},
      {"chunk size with a minus", Post("Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk size with a blank before", Post("Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n"), 400},
      {"chunk size with a tab", Post("Transfer-Encoding: chunked\r\n\r\n3\t\r\nabc\r\n"), 400},
      {"chunk size not in hex", Post("Transfer-Encoding: chunked\r\n\r\ng\r\nabc\r\n"), 400},
      {"chunk size in capitals", Post("Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"), 0},
      {"chunk size with zeros", Post("Transfer-Encoding: chunked\r\n\r\n003\r\nabc\r\n000\r\n\r\n"), 0},
      {"chunk size with many zeros",
       Post("Transfer-Encoding: chunked\r\n\r\n" + std::string(40, '0') + "3\r\nabc\r\n" +
            std::string(40, '0') + "\r\n\r\n"),
       0},
      {"chunk size of more zeros than a chunk line holds",
       Post("Transfer-Encoding: chunked\r\n\r\n" + std::string(300, '0') + "3\r\nabc\r\n"), 400},
      {"only an extension", Post("Transfer-Encoding: chunked\r\n\r\n;a\r\nabc\r\n"), 400},
      {"CR inside an extension", Post("Transfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n"), 400},
      {"LF inside an extension", Post("Transfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n"), 400},
      {"NUL inside an extension", Post("Transfer-Encoding: chunked\r\n\r\n3;" + nul + "\r\nabc\r\n"), 400},
      {"chunk shorter than said", Post("Transfer-Encoding: chunked\r\n\r\n4\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk end with a bare CR", Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r0\r\n\r\n"), 400},
      {"folded trailer", Post("Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n"), 400},
      {"trailer without an end", Post("Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + std::string(9000, 'a')),
       400},
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

// All that a request says, as text.
std::string Describe(const Request& request) {
  std::string text(request.method_name);
  text.append(" ").append(request.path).append(" ").append(request.query);
  for (const HeaderView& header : request.headers) {
    text.append("|").append(header.name).append("=").append(header.value);
  }
  return text.append("|").append(request.body);
}

// Every request in `input` when it arrives in two pieces, cut at `cut`, and the parser keeps little of it.
std::vector<std::string> ParseInPieces(const std::string& input, std::size_t cut) {
  std::vector<std::string> requests;
  RequestParser parser(kLimits);
  std::string buffer;
  for (const std::string& piece : {input.substr(0, cut), input.substr(cut)}) {
    buffer = buffer + piece;  // moves it
    for (;;) {
      const auto state = parser.Parse(buffer);
      if (!state || *state != RequestParser::State::kComplete) break;
      Request request;
      const std::size_t used = parser.Take(buffer, request);
      requests.push_back(Describe(request));
      buffer.erase(0, used);
    }
    parser.Compact(buffer);
  }
  return requests;
}

TEST(RequestParser, WhereTheInputIsCutDoesNotMatter) {
  const std::string input =
      "\r\nPOST http://h/a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" +
      Post("Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n") +
      Get("A: \tb c \r\n") + "OPTIONS * HTTP/1.0\r\n\r\n";
  const std::vector<std::string> wanted = {"POST /a b|Host=h|Content-Length=3|abc",
                                           "POST / |Host=h|Transfer-Encoding=chunked|abcde",
                                           "GET / |Host=h|A=b c|", "OPTIONS * |"};
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    SCOPED_TRACE(cut);
    EXPECT_EQ(ParseInPieces(input, cut), wanted);
  }
}

TEST(RequestParser, AChunkIsTakenOverAsItArrives) {
  ServerLimits limits;
  RequestParser parser(limits);
  std::string input = Post("Transfer-Encoding: chunked\r\n\r\n");
  const std::size_t head_bytes = input.size();
  input += "186a0\r\n";
  for (int i = 0; i < 100; ++i) {
    input += std::string(1000, static_cast<char>('a' + i % 26));
    ASSERT_EQ(*parser.Parse(input), RequestParser::State::kBody);
    parser.Compact(input);
    ASSERT_EQ(input.size(), head_bytes) << "nothing is kept twice";
  }
  EXPECT_GE(parser.buffered_bytes(), 100'000u);
  input += "\r\n0\r\n\r\n";
  ASSERT_EQ(*parser.Parse(input), RequestParser::State::kComplete);
  Request request;
  EXPECT_EQ(parser.Take(input, request), input.size());
  EXPECT_EQ(request.body.size(), 100'000u);
  EXPECT_EQ(request.body[99'999], 'v');
}

TEST(RequestParser, KnowsWhatIsMissing) {
  RequestParser parser(kLimits);
  const std::string input = Post("Content-Length: 20\r\n\r\nabc");
  ASSERT_EQ(*parser.Parse(input), RequestParser::State::kBody);
  EXPECT_EQ(parser.head().path, "/");
  EXPECT_EQ(parser.head().Header("content-length"), "20");
  EXPECT_EQ(parser.body_bytes(), 20u);
  EXPECT_EQ(parser.MissingBytes(input), 17u);
  parser.Forget();
  const std::string chunks = Post("Transfer-Encoding: chunked\r\n\r\n3\r\nab");
  ASSERT_EQ(*parser.Parse(chunks), RequestParser::State::kBody);
  EXPECT_EQ(parser.body_bytes(), std::nullopt);
  EXPECT_EQ(parser.MissingBytes(chunks), std::nullopt);
}

TEST(RequestParser, WhatFramesChunksNeedsNoMemory) {
  RequestParser parser(kLimits);
  std::string input = Post("Transfer-Encoding: chunked\r\n\r\n");
  const std::size_t head_bytes = input.size();
  for (int i = 0; i < 50; ++i) {
    input += "1;" + std::string(100, 'x') + "\r\na\r\n";
    ASSERT_EQ(*parser.Parse(input), RequestParser::State::kBody);
    parser.Compact(input);
    ASSERT_EQ(input.size(), head_bytes);
  }
  input += "0\r\n\r\n";
  ASSERT_EQ(*parser.Parse(input), RequestParser::State::kComplete);
  Request request;
  EXPECT_EQ(parser.Take(input, request), input.size());
  EXPECT_EQ(request.body, std::string(50, 'a'));
}

TEST(RequestParser, BoundsAllExtensionsAndAllTrailersTogether) {
  std::string extensions = Post("Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 50; ++i) extensions += "1;" + std::string(200, 'x') + "\r\na\r\n";
  EXPECT_EQ(ParseAll(extensions).status, 400);
  std::string trailers = Post("Transfer-Encoding: chunked\r\n\r\n0\r\n");
  for (int i = 0; i < 50; ++i) trailers += "A: " + std::string(200, 'x') + "\r\n";
  EXPECT_EQ(ParseAll(trailers).status, 431);
}

TEST(RequestParser, SeesWhoWaitsForContinue) {
  struct Case {
    const char* name;
    const char* version;
    const char* headers;
    bool expects;
  };
  const Case cases[] = {
      {"a body follows", "1.1", "Expect: 100-continue\r\nContent-Length: 3\r\n", true},
      {"chunks follow", "1.1", "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", true},
      {"HTTP/1.0 knows no 1xx", "1.0", "Expect: 100-continue\r\nContent-Length: 3\r\n", false},
      {"another expectation", "1.1", "Expect: 200-ok\r\nContent-Length: 3\r\n", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RequestParser parser(kLimits);
    const std::string input =
        std::string("POST / HTTP/") + c.version + "\r\nHost: h\r\n" + c.headers + "\r\n";
    ASSERT_EQ(*parser.Parse(input), RequestParser::State::kBody);
    EXPECT_EQ(parser.expects_continue(), c.expects);
  }
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
