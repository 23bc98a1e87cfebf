#include "net/tls.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdio>
#include <string>

#include "net/connect.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

using testing::CertificateFiles;
using testing::OpenLoop;
using testing::RecordingHandler;
using testing::RunTurns;
using testing::RunUntil;

// Keeps what it accepts and answers through `handler`.
struct Acceptor final : StreamAcceptor {
  void OnStream(std::unique_ptr<Stream> accepted, Admission) override {
    stream = std::move(accepted);
    stream->SetHandler(&handler);
    stream->ReadNow();
  }
  RecordingHandler handler;
  std::unique_ptr<Stream> stream;
};

class TlsTest : public ::testing::Test {
 protected:
  void Listen(const CertificateFiles& files) {
    auto tls = OpenServerTls(files.certificate(), files.key());
    ASSERT_TRUE(tls) << tls.error().detail;
    auto listener =
        OpenListener(*loop_, {.address = *ListenAddress::Parse("127.0.0.1:0"), .tls = *tls}, acceptor_);
    ASSERT_TRUE(listener) << listener.error().detail;
    listener_ = *std::move(listener);
  }

  static Task<void> ConnectInto(Loop& loop, ConnectOptions options,
                                std::optional<Result<std::unique_ptr<Stream>>>& outcome) {
    outcome = co_await net::Connect(loop, std::move(options));
  }

  Result<std::unique_ptr<Stream>> Connect(const std::string& trusted, const std::string& name) {
    return Connect(ClientTlsOptions{.authorities_file = trusted}, name);
  }
  Result<std::unique_ptr<Stream>> Connect(const ClientTlsOptions& client, const std::string& name) {
    auto tls = OpenClientTls(client);
    EXPECT_TRUE(tls) << tls.error().detail;
    std::optional<Result<std::unique_ptr<Stream>>> outcome;
    TaskScope scope;
    scope.Spawn(
        ConnectInto(*loop_, {.address = listener_->bound().tcp, .tls = *tls, .server_name = name}, outcome));
    EXPECT_TRUE(RunUntil(*loop_, [&] { return outcome.has_value(); }));
    return *std::move(outcome);
  }

  // Both ends of one working connection.
  void ConnectBoth() {
    const CertificateFiles files;
    Listen(files);
    auto client = Connect(files.certificate(), "localhost");
    ASSERT_TRUE(client) << client.error().detail;
    client_ = *std::move(client);
    client_->SetHandler(&client_handler_);
    ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.stream != nullptr; }));
  }

  std::unique_ptr<Loop> loop_ = OpenLoop();
  Acceptor acceptor_;
  RecordingHandler client_handler_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Stream> client_;
};

TEST_F(TlsTest, CarriesAnEcho) {
  ConnectBoth();
  acceptor_.handler.on_data = [this](std::string_view bytes) { acceptor_.stream->Queue(bytes); };
  client_->Queue("hello ");
  client_->Queue("again");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return client_handler_.received.size() == 11; }));
  EXPECT_EQ(client_handler_.received, "hello again");
  EXPECT_EQ(acceptor_.handler.reads, 1);
  EXPECT_EQ(client_->alpn(), "http/1.1");
  EXPECT_EQ(acceptor_.stream->alpn(), "http/1.1");
  EXPECT_TRUE(client_->is_tls());
  EXPECT_FALSE(client_->owns_buffer());
}

TEST_F(TlsTest, SlowReaderGetsAllBytesInOrder) {
  ConnectBoth();
  client_->Queue("go");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.handler.received == "go"; }));
  client_->PauseReading();

  std::string all;
  for (int i = 0; i < 3'000'000; ++i) all += std::to_string(i) + ' ';
  std::size_t taken = 0;
  const auto send_rest = [&] {
    iovec range{all.data() + taken, all.size() - taken};
    taken += acceptor_.stream->Send({&range, 1});
  };
  send_rest();
  ASSERT_LT(taken, all.size());
  EXPECT_TRUE(acceptor_.stream->blocked());
  // Bytes queued behind a record that is still waiting must not be mistaken for its continuation.
  acceptor_.stream->Queue("#");
  all.insert(taken, "#");
  ++taken;
  acceptor_.handler.on_writable = send_rest;
  client_->ResumeReading();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return client_handler_.received.size() >= all.size(); }));
  EXPECT_TRUE(client_handler_.received == all);
  EXPECT_GT(acceptor_.handler.writable, 0);
}

TEST_F(TlsTest, SendGathersPendingAndRangesInOrder) {
  ConnectBoth();
  client_->Queue("go");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.handler.received == "go"; }));
  std::string first(20'000, 'a');
  std::string second(30'000, 'b');
  acceptor_.stream->Queue("pending ");
  const iovec ranges[] = {{first.data(), first.size()}, {first.data(), 0}, {second.data(), second.size()}};
  EXPECT_EQ(acceptor_.stream->Send(ranges), 50'000u);
  const std::string want = "pending " + first + second;
  ASSERT_TRUE(RunUntil(*loop_, [&] { return client_handler_.received.size() >= want.size(); }));
  EXPECT_TRUE(client_handler_.received == want);
}

TEST_F(TlsTest, CloseAfterFlushDeliversThenEnds) {
  ConnectBoth();
  client_->Queue("go");
  acceptor_.handler.on_data = [this](std::string_view) {
    acceptor_.stream->Queue("bye");
    acceptor_.stream->CloseAfterFlush(Seconds(5));
  };
  ASSERT_TRUE(RunUntil(*loop_, [this] { return client_handler_.closed > 0; }));
  EXPECT_EQ(client_handler_.received, "bye");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.handler.closed > 0; }));
}

TEST_F(TlsTest, WhatIsQueuedBeforeTheHandshakeIsSentAfterIt) {
  const CertificateFiles files;
  Listen(files);
  ASSERT_NO_FATAL_FAILURE();
  struct Refusing final : StreamAcceptor {
    void OnStream(std::unique_ptr<Stream> accepted, Admission) override {
      stream = std::move(accepted);
      stream->SetHandler(&handler);
      stream->Queue("refused");
      stream->CloseAfterFlush(Seconds(5));
    }
    RecordingHandler handler;
    std::unique_ptr<Stream> stream;
  } refusing;
  auto tls = OpenServerTls(files.certificate(), files.key());
  auto listener =
      OpenListener(*loop_, {.address = *ListenAddress::Parse("127.0.0.1:0"), .tls = *tls}, refusing);
  ASSERT_TRUE(listener);
  listener_ = *std::move(listener);
  auto client = Connect(files.certificate(), "localhost");
  ASSERT_TRUE(client) << client.error().detail;
  (*client)->SetHandler(&client_handler_);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return client_handler_.closed > 0; }));
  EXPECT_EQ(client_handler_.received, "refused");
}

TEST_F(TlsTest, ClientChecksTheCertificate) {
  const CertificateFiles files({.host = "right.example"});
  const CertificateFiles others;
  Listen(files);
  const auto wrong_name = Connect(files.certificate(), "wrong.example");
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().code, Errc::kUnavailable);
  EXPECT_NE(wrong_name.error().detail.find("ostname mismatch"), std::string::npos)
      << wrong_name.error().detail;
  EXPECT_FALSE(Connect(others.certificate(), "right.example"));
  EXPECT_TRUE(Connect(files.certificate(), "right.example"));
}

TEST_F(TlsTest, ClientChecksAsMuchAsItIsTold) {
  const CertificateFiles files({.host = "right.example"});
  const CertificateFiles others;
  Listen(files);
  const std::string good = files.certificate();
  const std::string bad = others.certificate();
  using enum Verification;
  EXPECT_TRUE(Connect({.verification = kNone, .authorities_file = bad}, "wrong.example"));
  EXPECT_TRUE(Connect({.verification = kAuthority, .authorities_file = good}, "wrong.example"));
  EXPECT_FALSE(Connect({.verification = kAuthority, .authorities_file = bad}, "right.example"));
  EXPECT_FALSE(Connect({.verification = kFull, .authorities_file = good}, "wrong.example"));
  EXPECT_TRUE(Connect({.verification = kFull, .authorities_file = good, .only_1_3 = true}, "right.example"));
  // RFC 7301 section 3.2: the server has no such protocol.
  EXPECT_FALSE(Connect({.authorities_file = good, .alpn = "postgresql"}, "right.example"));
}

TEST_F(TlsTest, ClientAcceptsACertificateForAnIpAddress) {
  const CertificateFiles files({.host = "127.0.0.1"});
  Listen(files);
  EXPECT_TRUE(Connect(files.certificate(), "127.0.0.1"));
  EXPECT_FALSE(Connect(files.certificate(), "127.0.0.2"));
}

TEST_F(TlsTest, GarbageInsteadOfAHandshakeClosesTheStream) {
  const CertificateFiles files;
  auto tls = OpenServerTls(files.certificate(), files.key());
  ASSERT_TRUE(tls);
  auto [peer, end] = testing::SocketPair();
  const int fd = end.get();
  RecordingHandler handler;
  const auto stream = Stream::Adopt(*loop_, end.Release(), IpAddress{}, (*tls)->NewServerSession(fd));
  stream->SetHandler(&handler);
  testing::WriteAll(peer.get(), "GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return handler.closed > 0; }));
  EXPECT_EQ(handler.received, "");
}

TEST(TlsDeadline, AHandshakeThatDoesNotEndIsCutOff) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const CertificateFiles files;
  auto tls = OpenServerTls(files.certificate(), files.key());
  ASSERT_TRUE(tls);
  auto [peer, end] = testing::SocketPair();
  const int fd = end.get();
  RecordingHandler handler;
  const auto stream = Stream::Adopt(*loop, end.Release(), IpAddress{}, (*tls)->NewServerSession(fd));
  stream->SetHandler(&handler);
  for (int second = 1; second <= 9; ++second) {
    testing::WriteAll(peer.get(), second == 1 ? "\x16\x03\x01\x02" : "\x01");  // a record that trickles in
    clock.Advance(Seconds(1));
    RunTurns(*loop);
  }
  EXPECT_EQ(handler.closed, 0);
  clock.Advance(Seconds(2));
  RunTurns(*loop);
  EXPECT_EQ(handler.closed, 1);
}

TEST(TlsFiles, ProblemsNameTheFile) {
  const CertificateFiles good;
  const CertificateFiles other;
  const CertificateFiles expired({.valid_from_s = -7200, .valid_to_s = -3600});
  const CertificateFiles future({.valid_from_s = 3600, .valid_to_s = 7200});
  struct Case {
    const char* name;
    std::string certificate;
    std::string key;
    std::string names_file;
    const char* says;
  };
  const Case cases[] = {
      {"missing certificate", "/nonexistent/c.pem", good.key(), "/nonexistent/c.pem", "No such file"},
      {"missing key", good.certificate(), "/nonexistent/k.pem", "/nonexistent/k.pem", "No such file"},
      {"not PEM", "/dev/null", good.key(), "/dev/null", "no start line"},
      {"key of another", good.certificate(), other.key(), other.key(), "does not belong"},
      {"expired", expired.certificate(), expired.key(), expired.certificate(), "expired"},
      {"not yet valid", future.certificate(), future.key(), future.certificate(), "not valid yet"},
      {"files swapped", good.key(), good.certificate(), good.key(), "no start line"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto opened = OpenServerTls(c.certificate, c.key);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::kInvalidArgument);
    EXPECT_NE(opened.error().detail.find(c.names_file), std::string::npos) << opened.error().detail;
    EXPECT_NE(opened.error().detail.find(c.says), std::string::npos) << opened.error().detail;
  }
  const auto own = OpenClientTls({.certificate_file = good.certificate(), .key_file = other.key()});
  ASSERT_FALSE(own);
  EXPECT_NE(own.error().detail.find("does not belong"), std::string::npos) << own.error().detail;
  EXPECT_TRUE(OpenClientTls({.certificate_file = good.certificate(), .key_file = good.key()}));
  EXPECT_FALSE(OpenClientTls("/nonexistent/ca.pem"));
  EXPECT_TRUE(OpenClientTls(""));
}

}  // namespace
}  // namespace tidemill::net
