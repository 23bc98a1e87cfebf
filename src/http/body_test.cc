#include "http/body.h"

#include <gtest/gtest.h>

#include <string>

#include "http/testing/server_bench.h"

namespace tidemill::http {
namespace {

// Writes `pieces` pieces of so many bytes; then fails, if it is to, or waits at the gate after the first.
class Pieces final : public BodySource {
 public:
  struct Plan {
    std::size_t pieces = 3;
    std::size_t piece_bytes = 4;
    bool fails = false;
    Later::Gate* gate = nullptr;
  };
  struct Seen {
    std::size_t written = 0;  // pieces
    int ended = 0;            // tasks
  };
  Pieces(Plan plan, Seen& seen) : plan_(plan), seen_(seen) {}

  Task<Result<void>> WriteTo(BodyWriter& body) override {
    const Later::End end{seen_.ended};
    const std::string piece(plan_.piece_bytes, 'p');
    for (std::size_t i = 0; i < plan_.pieces; ++i) {
      co_await body.Write(piece);
      ++seen_.written;
      co_await body.Write("");  // is nothing, not the end
      if (plan_.gate) co_await *plan_.gate;
    }
    if (plan_.fails) co_return Fail(Errc::kUnavailable, "the source broke");
    co_return Result<void>();
  }

 private:
  const Plan plan_;
  Seen& seen_;
};

class Streaming final : public Handler {
 public:
  Task<Response> Handle(const Request&) override {
    Response response = Response::Text(status, "");
    response.body_source = std::make_shared<Pieces>(plan, seen);
    response.body_source_bytes = bytes;
    co_return response;
  }
  int status = 200;
  std::optional<std::uint64_t> bytes;
  Pieces::Plan plan;
  Pieces::Seen seen;
};

class BodyTest : public ServerBench {
 protected:
  BodyTest() { router_->Add(Method::kGet, "/stream", streaming_); }

  std::shared_ptr<Streaming> streaming_ = std::make_shared<Streaming>();
};

TEST_F(BodyTest, AStreamedBodyIsFramedAsTheClientUnderstands) {
  struct Case {
    const char* name;
    const char* request;
    const char* framing;  // null: none is named
    const char* body;
    bool closes;
  };
  const Case cases[] = {
      {"HTTP/1.1", "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "Transfer-Encoding: chunked\r\n",
       "4\r\npppp\r\n4\r\npppp\r\n4\r\npppp\r\n0\r\n\r\n", false},
      {"HTTP/1.1, to be closed", "GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
       "Transfer-Encoding: chunked\r\n", "4\r\npppp\r\n4\r\npppp\r\n4\r\npppp\r\n0\r\n\r\n", true},
      {"HTTP/1.0", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", nullptr, "pppppppppppp", true},
      {"HEAD", "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", "Transfer-Encoding: chunked\r\n", "", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string got = Say(fd, c.request);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
    EXPECT_EQ(got.find("Content-Length"), std::string::npos);
    if (c.framing) EXPECT_NE(got.find(c.framing), std::string::npos) << got;
    if (!c.framing) EXPECT_EQ(got.find("Transfer-Encoding"), std::string::npos) << got;
    EXPECT_EQ(Body(got), c.body);
    EXPECT_EQ(got.find("Connection: close\r\n") != std::string::npos, c.closes);
    char byte = 0;
    if (c.closes) EXPECT_EQ(recv(fd.get(), &byte, 1, MSG_DONTWAIT), 0);
    if (!c.closes) EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
  }
}

TEST_F(BodyTest, ABodyOfKnownLengthIsSentWithIt) {
  struct Case {
    const char* name;
    const char* request;
    const char* body;
  };
  const Case cases[] = {
      {"HTTP/1.1", "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "pppppppppppp"},
      {"HTTP/1.0", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "pppppppppppp"},
      {"HEAD", "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", ""},
  };
  streaming_->bytes = 12;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string got = Say(fd, c.request);
    EXPECT_NE(got.find("Content-Length: 12\r\n"), std::string::npos) << got;
    EXPECT_EQ(got.find("Transfer-Encoding"), std::string::npos) << got;
    EXPECT_EQ(Body(got), c.body);
    EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
  }
}

TEST_F(BodyTest, ABodyOfAnotherLengthThanWasSaidBreaksOff) {
  for (const std::uint64_t bytes : {11u, 13u}) {
    streaming_->bytes = bytes;
    const net::Fd fd = Connect();
    Say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(server_->connections(), 0u) << bytes;
  }
}

TEST_F(BodyTest, AStatusWithoutABodyStreamsNone) {
  streaming_->status = 304;
  const net::Fd fd = Connect();
  const std::string got = Say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(Body(got), "");
  EXPECT_EQ(got.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(streaming_->seen.written, 0u);
}

TEST_F(BodyTest, AStreamedBodyGoesNoFasterThanItIsRead) {
  constexpr std::size_t kPieces = 400;
  streaming_->plan = {.pieces = kPieces, .piece_bytes = 100'000};
  const net::Fd fd = Connect();
  const std::string request = "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n";
  // The next request waits for its end.
  net::testing::WriteAll(fd.get(), request + "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  net::testing::RunTurns(*loop_, 100);
  // Several megabytes fit into the kernel's buffers.
  EXPECT_LT(streaming_->seen.written, kPieces / 2);

  const std::string all = HearAll(fd);
  EXPECT_GT(all.size(), kPieces * 100'000);
  EXPECT_EQ(streaming_->seen.written, kPieces);
  EXPECT_TRUE(all.ends_with("\r\n\r\nGET "));
}

TEST_F(BodyTest, AStreamedBodyLeavesTheTurn) {
  streaming_->plan = {.pieces = 100, .piece_bytes = 100'000};
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  net::testing::RunTurns(*loop_, 1);
  EXPECT_LE(streaming_->seen.written, BodyWriter::kQueuedBytesMax / 100'000 + 1);
}

TEST_F(BodyTest, AStreamedBodyMayTakeItsTime) {
  Later::Gate gate;
  streaming_->plan = {.pieces = 2, .gate = &gate};
  const net::Fd fd = Connect();
  EXPECT_EQ(Body(Say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")), "4\r\npppp\r\n");
  EXPECT_EQ(metrics_.requests_in_flight.value(), 1);
  clock_.Advance(Minutes(10));
  gate.waiting.resume();
  EXPECT_EQ(Hear(fd), "4\r\npppp\r\n");
  gate.waiting.resume();
  EXPECT_EQ(Hear(fd), "0\r\n\r\n");
  EXPECT_EQ(metrics_.requests_in_flight.value(), 0);
}

TEST_F(BodyTest, ASourceThatFailsBreaksTheBodyOff) {
  streaming_->plan.fails = true;
  const net::Fd fd = Connect();
  const std::string got = Say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_FALSE(got.ends_with("0\r\n\r\n")) << got;
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(BodyTest, AStreamedBodyEndsWithItsClient) {
  for (const bool waits_for_client : {true, false}) {
    SCOPED_TRACE(waits_for_client);
    Later::Gate gate;
    streaming_->seen = {};
    streaming_->plan = {.pieces = 1000, .piece_bytes = 100'000, .gate = waits_for_client ? nullptr : &gate};
    {
      const net::Fd fd = Connect();
      net::testing::WriteAll(fd.get(), "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
      net::testing::RunTurns(*loop_, 100);
      EXPECT_EQ(streaming_->seen.ended, 0);
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    net::testing::RunTurns(*loop_);
    EXPECT_EQ(streaming_->seen.ended, 1);
    EXPECT_EQ(server_->connections(), 0u);
  }
}

TEST_F(BodyTest, AClientThatStopsReadingAStreamIsGivenUp) {
  streaming_->plan = {.pieces = 1000, .piece_bytes = 100'000};
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  net::testing::RunTurns(*loop_, 100);
  EXPECT_EQ(server_->connections(), 1u);
  clock_.Advance(ServerLimits().body_timeout);
  clock_.Advance(Seconds(1));
  net::testing::RunTurns(*loop_);
  clock_.Advance(Seconds(1));
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(streaming_->seen.ended, 1);
}

}  // namespace
}  // namespace tidemill::http
