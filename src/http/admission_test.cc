// What a server does with a request before its body is there, and what the buffers of all connections may
// take.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/testing/server_bench.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kBudgetBytes = 8 * 1024 * 1024;
constexpr std::size_t kLargeBytes = 5'000'000;  // a megabyte more than the kernel takes

// Lets in who has the key.
class Gated final : public Handler {
 public:
  std::size_t body_bytes_max() const override { return std::numeric_limits<std::size_t>::max(); }
  bool admits_stranger(const Request&) const override { return false; }
  std::optional<Response> Admit(const Request& request) override {
    ++asked;
    if (request.Header("x-api-key") == "k") return std::nullopt;
    return Response::Text(401, "no key\n");
  }
  Task<Response> Handle(const Request& request) override {
    co_return Response::Text(200, std::to_string(request.body.size()));
  }
  int asked = 0;
};

class Large final : public Handler {
 public:
  Task<Response> Handle(const Request&) override {
    co_return Response::Text(200, std::string(kLargeBytes, 'b'));
  }
};

class AdmissionTest : public ServerBench {
 protected:
  AdmissionTest() : ServerBench(kBudgetBytes) {
    router_->Add(Method::kPost, "/gated", gated_);
    router_->Add(Method::kGet, "/large", std::make_shared<Large>());
    router_->Add(Method::kPost, "/small", std::make_shared<Later>());
  }

  static std::string Head(const std::string& start, std::size_t length, const std::string& more = "") {
    return start + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n" + more +
           "\r\n";
  }
  bool Ended(const net::Fd& fd) {
    char byte = 0;
    return recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  // What is said may take many turns.
  std::string Answer(const net::Fd& fd, const std::string& bytes) {
    std::string got = Say(fd, bytes);
    for (int i = 0; i < 100 && got.empty(); ++i) got = Hear(fd);
    return got;
  }
  std::vector<net::Fd> ConnectAndSay(std::size_t count, const std::string& bytes) {
    std::vector<net::Fd> connections;
    for (std::size_t i = 0; i < count; ++i) {
      connections.push_back(Connect());
      // In pieces, as the test's thread also reads.
      for (std::size_t at = 0; at < bytes.size(); at += 32'000) {
        net::testing::WriteAll(connections.back().get(), std::string_view(bytes).substr(at, 32'000));
        net::testing::RunTurns(*loop_);
      }
    }
    return connections;
  }

  std::shared_ptr<Gated> gated_ = std::make_shared<Gated>();
};

TEST_F(AdmissionTest, ARequestIsDecidedOnByItsHead) {
  struct Case {
    const char* name;
    std::string head;
    const char* status;
    bool closes;
  };
  const std::string chunked = " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";
  const std::string expect = "Expect: 100-continue\r\n";
  const Case cases[] = {
      {"no such path", Head("POST /no", 3'000'000), "404", true},
      {"other method", Head("DELETE /gated", 3'000'000), "405", true},
      {"no key", Head("POST /gated", 3'000'000), "401", true},
      {"wrong key", Head("POST /gated", 3'000'000, "X-API-Key: x\r\n"), "401", true},
      {"over the server's limit", Head("POST /gated", 5'000'000, "X-API-Key: k\r\n"), "413", true},
      {"over the handler's limit", Head("POST /small", 16'385), "413", true},
      {"OPTIONS with a body", Head("OPTIONS /gated", 3'000'000), "204", true},
      {"chunks to no such path", "POST /no" + chunked + "\r\n", "404", true},
      {"chunks without a key", "POST /gated" + chunked + "\r\n5\r\nab", "401", true},
      {"a short body to no such path", Head("POST /no", 60'000), "404", false},
      {"a short body without a key", Head("POST /gated", 60'000), "401", false},
      {"a short body and close", Head("POST /no", 60'000, "Connection: close\r\n"), "404", true},
      {"a short body that is announced", Head("POST /no", 60'000, expect), "404", true},
      {"announced without a key", Head("POST /gated", 60'000, expect), "401", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string got = Say(fd, c.head);
    EXPECT_EQ(got.substr(9, 3), c.status);
    EXPECT_EQ(got.find("HTTP/1.1", 1), std::string::npos) << "one answer only";
    EXPECT_EQ(got.find("Connection: close\r\n") != std::string::npos, c.closes);
    EXPECT_EQ(buffers_.used_bytes(), 0u);
    if (c.closes) {
      EXPECT_TRUE(Ended(fd));
      continue;
    }
    EXPECT_EQ(Say(fd, std::string(59'999, 'x')), "") << "what comes of the body is dropped";
    EXPECT_EQ(buffers_.used_bytes(), 0u);
    EXPECT_EQ(Body(Say(fd, "xGET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
  }
}

TEST_F(AdmissionTest, AChunkedBodyEndsAtTheHandlersLimit) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"), "");
  EXPECT_EQ(Say(fd, std::string(4096, 'x') + "\r\n3001\r\n").substr(9, 3), "413");
  EXPECT_TRUE(Ended(fd));
}

TEST_F(AdmissionTest, ARefusedBodyIsNotAwaitedForEver) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, Head("POST /no", 60'000)).substr(9, 3), "404");
  for (int i = 0; i < 29; ++i) {
    clock_.Advance(Seconds(1));
    EXPECT_EQ(Say(fd, "x"), "");
  }
  clock_.Advance(Seconds(2));
  EXPECT_EQ(Hear(fd), "") << "it has its answer";
  EXPECT_TRUE(Ended(fd));
}

TEST_F(AdmissionTest, TheBodyIsAskedForWhenItsRequestWasLetIn) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, Head("POST /gated", 5, "X-API-Key: k\r\nExpect: 100-continue\r\n")),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(Say(fd, "12"), "");
  EXPECT_EQ(Body(Say(fd, "345")), "5");
  EXPECT_EQ(gated_->asked, 1) << "once for each request";
  EXPECT_EQ(Say(fd, Head("POST /gated", 5, "X-API-Key: k\r\n")), "");
  EXPECT_EQ(Body(Say(fd, "12345")), "5");
  EXPECT_EQ(gated_->asked, 2);
  EXPECT_EQ(Body(Say(fd, Head("POST /gated", 5, "X-API-Key: k\r\n") + "12345")), "5");
  EXPECT_EQ(gated_->asked, 3);
  EXPECT_EQ(Say(fd, Head("POST /gated", 5) + "12345").substr(9, 3), "401");
}

TEST_F(AdmissionTest, ABuffersSizeIsWhatArrivedAndNotWhatWasSaid) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, Head("POST /gated", 3'000'000, "X-API-Key: k\r\n")), "");
  EXPECT_EQ(buffers_.used_bytes(), 0u);
  net::testing::WriteAll(fd.get(), std::string(60'000, 'x'));
  net::testing::RunTurns(*loop_);
  EXPECT_GE(buffers_.used_bytes(), 60'000u);
  EXPECT_LE(buffers_.used_bytes(), 150'000u);
  std::string got;
  for (std::size_t sent = 60'000; sent < 3'000'000; sent += 60'000) got += Say(fd, std::string(60'000, 'x'));
  got += Answer(fd, "");
  EXPECT_EQ(Body(got), "3000000");
  EXPECT_EQ(buffers_.used_bytes(), 0u) << "an idle connection has no buffer";
}

TEST_F(AdmissionTest, BodiesOfAllConnectionsHaveABudget) {
  const std::string begin = Head("POST /gated", 3'000'000, "X-API-Key: k\r\n") + std::string(2'900'000, 'x');
  std::vector<net::Fd> posting = ConnectAndSay(2, begin);
  EXPECT_GT(buffers_.used_bytes(), 5'800'000u);
  EXPECT_LE(buffers_.used_bytes(), kBudgetBytes);
  posting.push_back(std::move(ConnectAndSay(1, begin)[0]));
  const std::string refused = Hear(posting[2]);
  EXPECT_EQ(refused.substr(9, 3), "503");
  EXPECT_NE(refused.find("http_server.buffers_bytes_max"), std::string::npos);
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(Body(Say(Connect(), "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ")
      << "small ones do not count";
  EXPECT_NE(registry_.Text().find("tidemill_http_buffers_refused_total 1\n"), std::string::npos);

  EXPECT_EQ(Body(Answer(posting[0], std::string(100'000, 'x'))), "3000000");
  EXPECT_EQ(Body(Answer(posting[1], std::string(100'000, 'x'))), "3000000");
  EXPECT_EQ(buffers_.used_bytes(), 0u);
}

TEST_F(AdmissionTest, StrangersLeaveHalfOfTheBudget) {
  // Echo lets anybody in.
  const std::vector<net::Fd> strangers =
      ConnectAndSay(4, Head("POST /echo", 3'000'000) + std::string(2'000'000, 'x'));
  EXPECT_LE(buffers_.used_bytes(), kBudgetBytes / 2);
  EXPECT_EQ(Hear(strangers[3]).substr(9, 3), "503");
  const net::Fd known = std::move(
      ConnectAndSay(1, Head("POST /gated", 3'000'000, "X-API-Key: k\r\n") + std::string(2'990'000, 'x'))[0]);
  EXPECT_EQ(Body(Answer(known, std::string(10'000, 'x'))), "3000000");
}

TEST_F(AdmissionTest, AnswersThatNobodyReadsCount) {
  std::vector<net::Fd> connections;
  for (int i = 0; i < 20; ++i) {
    connections.push_back(Connect());
    net::testing::WriteAll(connections.back().get(), "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    net::testing::RunTurns(*loop_);
    EXPECT_LE(buffers_.used_bytes(), kBudgetBytes / 2);
  }
  EXPECT_LT(server_->connections(), 20u) << "who would take more is closed";
  EXPECT_GT(server_->connections(), 0u);
  const net::Fd posting = Connect();
  EXPECT_EQ(Body(Answer(posting, Head("POST /gated", 50'000, "X-API-Key: k\r\n") + std::string(50'000, 'x'))),
            "50000");
  clock_.Advance(ServerLimits().answer_timeout);
  clock_.Advance(Seconds(1));
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(server_->connections(), 1u) << "that of the last one";
  EXPECT_EQ(buffers_.used_bytes(), 0u);
}

TEST_F(AdmissionTest, WhoReadsAtLastKeepsTheConnection) {
  const net::Fd fd = Connect();
  std::string requests;
  for (int i = 0; i < 2; ++i) requests += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
  net::testing::WriteAll(fd.get(), requests);
  net::testing::RunTurns(*loop_);
  clock_.Advance(Seconds(20));
  EXPECT_GT(HearAll(fd).size(), 2 * kLargeBytes);
  clock_.Advance(Seconds(60));
  EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
}

}  // namespace
}  // namespace tidemill::http
