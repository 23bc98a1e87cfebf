#include "http/body_reader.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "http/testing/server_bench.h"
#include "net/next_turn.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kMost = 10'000'000;

// Reads `pieces_max` pieces, waiting at the gate before each if there is one, and answers how many bytes
// came.
class Reading final : public Handler {
 public:
  explicit Reading(net::Loop& loop) : loop_(loop) {}

  bool reads_body() const override { return true; }
  std::size_t body_bytes_max() const override { return bytes_max; }
  std::optional<Response> Admit(const Request&) override {
    return admits ? std::nullopt : std::optional(Response::Text(401, "who?\n"));
  }
  Task<Response> Handle(const Request& request) override {
    const Later::End end{ended};
    ++begun;
    BodyReader& body = *request.body_reader;
    declared = body.body_bytes();
    got.clear();
    for (std::size_t pieces = 0; pieces < pieces_max; ++pieces) {
      if (waits) co_await gate;
      co_await net::NextTurn(loop_);
      const std::string piece = co_await body.Read();
      if (piece.empty()) break;
      largest = std::max(largest, piece.size());
      got += piece;
    }
    co_return Response::Text(200, std::to_string(got.size()) + " for " + std::string(request.path));
  }

  std::size_t bytes_max = kMost;
  std::size_t pieces_max = 1'000'000;
  bool admits = true;
  bool waits = false;
  Later::Gate gate;
  int begun = 0;
  int ended = 0;
  std::size_t largest = 0;
  std::optional<std::size_t> declared;
  std::string got;

 private:
  net::Loop& loop_;
};

// As much as the kernel takes at once.
std::size_t WriteSome(int fd, std::string_view bytes) {
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

class BodyReaderTest : public ServerBench {
 protected:
  BodyReaderTest() : ServerBench(64 << 20, {.streamed_body_bytes_max = 2 * kMost}) {
    router_->Add(Method::kPost, "/up", up_);
  }

  static std::string Head(std::string_view more) {
    return "POST /up HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n\r\n";
  }
  static std::string WithLength(std::size_t bytes) {
    return Head("Content-Length: " + std::to_string(bytes));
  }
  // A connection that still serves.
  void ExpectServes(const net::Fd& fd) {
    EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
  }
  void ExpectClosed(const net::Fd& fd) {
    char byte = 0;
    EXPECT_EQ(recv(fd.get(), &byte, 1, MSG_DONTWAIT), 0);
  }

  std::shared_ptr<Reading> up_ = std::make_shared<Reading>(*loop_);
};

TEST_F(BodyReaderTest, GivesTheBodyHoweverItComesAndKeepsTheConnection) {
  struct Case {
    const char* name;
    std::string request;
    const char* body;
  };
  const Case cases[] = {
      {"length", WithLength(5) + "abcde", "abcde"},
      {"no body", Head("Content-Length: 0"), ""},
      {"chunks", Head("Transfer-Encoding: chunked") + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n",
       "abcde"},
      {"no chunk", Head("Transfer-Encoding: chunked") + "0\r\n\r\n", ""},
      {"HTTP/1.0", "POST /up HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "abc"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    // Whole, and cut in two at every place, and byte by byte; the next request behind it in one go.
    for (std::size_t cut = 0; cut <= c.request.size() + 1; ++cut) {
      const net::Fd fd = Connect();
      std::string heard;
      if (cut > c.request.size()) {
        for (const char byte : c.request) heard += Say(fd, std::string_view(&byte, 1));
      } else {
        heard = Say(fd, c.request.substr(0, cut));
        heard += Say(fd, c.request.substr(cut) + "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_TRUE(heard.ends_with("GET ")) << cut << ": " << heard;
        heard.resize(std::min(heard.size(), heard.find("HTTP/1.1 200", 1)));
      }
      EXPECT_EQ(up_->got, c.body) << cut;
      EXPECT_EQ(Body(heard), std::to_string(up_->got.size()) + " for /up") << cut;
      // What has come whole needs no length of its own.
      if (up_->declared) EXPECT_EQ(*up_->declared, up_->got.size());
      ExpectServes(fd);
    }
  }
  EXPECT_EQ(up_->begun, up_->ended);
}

TEST_F(BodyReaderTest, TheHandlerBeginsOnTheHeadAndNothingIsReadBeforeItAsks) {
  up_->waits = true;
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, WithLength(kMost)), "");
  EXPECT_EQ(up_->begun, 1);
  const std::uint64_t before = metrics_.bytes_received.value();
  const std::string flood(kMost, 'x');
  const std::size_t sent = WriteSome(fd.get(), flood);
  net::testing::RunTurns(*loop_, 100);
  EXPECT_EQ(metrics_.bytes_received.value(), before);
  EXPECT_LT(sent, kMost);
  EXPECT_LT(buffers_.used_bytes(), 1u << 20);
}

TEST_F(BodyReaderTest, ALongBodyIsNeverKeptWhole) {
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), WithLength(kMost));
  const std::string body(kMost, 'x');
  std::size_t written = 0;
  std::size_t most = 0;
  EXPECT_TRUE(net::testing::RunUntil(*loop_, [&] {
    written += WriteSome(fd.get(), std::string_view(body).substr(written));
    most = std::max(most, buffers_.used_bytes());
    return up_->ended == 1;
  }));
  EXPECT_EQ(up_->got.size(), kMost);
  EXPECT_LE(up_->largest, BodyReader::kKeptBytesMax + 16 * 1024);
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, BodyReader::kCountedBytes + 64 * 1024);
  EXPECT_EQ(Body(Hear(fd)), std::to_string(kMost) + " for /up");
  ExpectServes(fd);
  EXPECT_LT(buffers_.used_bytes(), 16u * 1024) << "given back";
}

TEST_F(BodyReaderTest, WhatCannotBeServedIsAnsweredOnTheHead) {
  struct Case {
    const char* name;
    std::string request;
    int status;
  };
  const Case cases[] = {
      {"over the handler's limit", WithLength(kMost + 1), 413},
      {"over the server's", WithLength(2 * kMost + 1), 413},
      {"as long as a number may be", Head("Content-Length: 999999999999999999"), 413},
      {"longer than that", Head("Content-Length: 18446744073709551616"), 400},
      {"a chunk over the limit", Head("Transfer-Encoding: chunked") + "989681\r\nx", 413},
      {"a long chunk for another",
       "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\nx", 413},
      {"a long body for another", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\nx", 413},
      {"both lengths", Head("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string got = Say(fd, c.request);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + std::to_string(c.status))) << got;
    EXPECT_NE(got.find("Connection: close"), std::string::npos);
  }
  EXPECT_EQ(up_->got, "");
  up_->admits = false;
  const net::Fd fd = Connect();
  EXPECT_TRUE(Say(fd, WithLength(1'000'000)).starts_with("HTTP/1.1 401"));
}

TEST_F(BodyReaderTest, ABodyThatGoesWrongEndsTheTask) {
  struct Case {
    const char* name;
    const char* rest;
    int status;
  };
  const Case cases[] = {
      {"no size", "zz\r\n", 400},
      {"a chunk without its end", "3\r\nabcX", 400},
      {"bare LF", "3\nabc", 400},
      {"too much together", "989680\r\nx", 413},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const int before = up_->ended;
    const net::Fd fd = Connect();
    EXPECT_EQ(Say(fd, Head("Transfer-Encoding: chunked") + "2\r\nab\r\n"), "");
    const std::string got = Say(fd, c.rest);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + std::to_string(c.status))) << got;
    EXPECT_NE(got.find("Connection: close"), std::string::npos);
    shutdown(fd.get(), SHUT_WR);
    net::testing::RunTurns(*loop_);
    EXPECT_EQ(up_->ended, before + 1);
  }
}

TEST_F(BodyReaderTest, AClientThatGoesInTheMiddleEndsTheTask) {
  net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, WithLength(100) + "abc"), "");
  fd = net::Fd();
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(up_->ended, 1);
  EXPECT_LT(buffers_.used_bytes(), 16u * 1024);
}

// The views of the request are the handler's until it is gone, also when the body goes wrong meanwhile.
TEST_F(BodyReaderTest, WhatIsWrongWaitsUntilTheHandlerAsks) {
  up_->waits = true;
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, Head("Transfer-Encoding: chunked") + "2\r\nab\r\n"), "");
  up_->gate.waiting.resume();
  EXPECT_EQ(Say(fd, "zz\r\n"), "");
  up_->gate.waiting.resume();
  EXPECT_TRUE(Hear(fd).starts_with("HTTP/1.1 400"));
}

TEST_F(BodyReaderTest, WhoIsSlowIsAnsweredButProgressHasTime) {
  const Duration almost = Milliseconds(ServerLimits{}.body_timeout.ms - 1'000);
  const net::Fd slow = Connect();
  EXPECT_EQ(Say(slow, WithLength(kMost) + "abc"), "");
  clock_.Advance(almost);
  EXPECT_EQ(Say(slow, "more"), "") << "bytes that trickle in move no deadline";
  clock_.Advance(Seconds(2));
  EXPECT_TRUE(Hear(slow).starts_with("HTTP/1.1 408"));
  EXPECT_EQ(metrics_.timeouts.value(), 1u);

  const net::Fd steady = Connect();
  EXPECT_EQ(Say(steady, WithLength(4 * BodyReader::kProgressBytes)), "");
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(almost);
    net::testing::WriteAll(steady.get(), std::string(BodyReader::kProgressBytes / 2, 'x'));
    net::testing::RunTurns(*loop_, 100);
    net::testing::WriteAll(steady.get(), std::string(BodyReader::kProgressBytes / 2, 'x'));
    net::testing::RunTurns(*loop_, 100);
  }
  EXPECT_EQ(Body(Hear(steady)), "1048576 for /up");
}

// The time that the handler takes is not the client's.
TEST_F(BodyReaderTest, AHandlerThatIsSlowCostsTheClientNoTime) {
  up_->waits = true;
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, WithLength(6) + "abc"), "");
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(Seconds(60));
    up_->gate.waiting.resume();
    net::testing::RunTurns(*loop_);
  }
  // It waits for the client now.
  clock_.Advance(Seconds(20));
  EXPECT_EQ(Say(fd, "def"), "");
  up_->gate.waiting.resume();
  EXPECT_EQ(Body(Hear(fd)), "6 for /up");
}

TEST_F(BodyReaderTest, AHandlerThatLeavesTheRestClosesTheConnection) {
  up_->pieces_max = 1;
  const net::Fd fd = Connect();
  const std::string got = Say(fd, WithLength(100) + "abc");
  EXPECT_EQ(Body(got), "3 for /up");
  EXPECT_NE(got.find("Connection: close"), std::string::npos);
  // The rest is never taken for a request.
  EXPECT_EQ(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  EXPECT_EQ(metrics_.responses[2]->value(), 1u);
}

TEST_F(BodyReaderTest, AClientThatAsksFirstIsToldToGoOnWhenTheHandlerWantsTheBody) {
  up_->waits = true;
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, Head("Expect: 100-continue\r\nContent-Length: 3")), "");
  up_->gate.waiting.resume();
  EXPECT_EQ(Hear(fd), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(Say(fd, "abc"), "");
  up_->gate.waiting.resume();
  EXPECT_EQ(Body(Hear(fd)), "3 for /up");
  ExpectServes(fd);

  up_->waits = false;
  up_->pieces_max = 0;
  const std::string got = Say(fd, Head("Expect: 100-continue\r\nContent-Length: 3"));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200")) << got;
  EXPECT_NE(got.find("Connection: close"), std::string::npos);
}

}  // namespace
}  // namespace tidemill::http
