#include "net/connect.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <optional>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "net/tls.h"

namespace tidemill::net {
namespace {

using testing::CertificateFiles;
using testing::OpenLoop;
using testing::RunTurns;
using testing::RunUntil;

using Outcome = std::optional<Result<std::unique_ptr<Stream>>>;

Task<void> ConnectInto(Loop& loop, ConnectOptions options, Outcome& outcome) {
  outcome = co_await Connect(loop, std::move(options));
}

// A bound socket; connections to it are refused until it listens.
struct Port {
  Port() : fd(*BindTcp(*ListenAddress::Parse("127.0.0.1:0"))), address(LocalAddress(fd.get())) {}
  Fd fd;
  SocketAddress address;
};

TEST(Connect, GivesAWorkingStream) {
  const auto loop = OpenLoop();
  const Port port;
  ASSERT_EQ(listen(port.fd.get(), 1), 0);
  Outcome outcome;
  TaskScope scope;
  scope.Spawn(ConnectInto(*loop, {.address = port.address}, outcome));
  ASSERT_TRUE(RunUntil(*loop, [&] { return outcome.has_value(); }));
  ASSERT_TRUE(*outcome) << outcome->error().detail;
  Stream& stream = ***outcome;
  testing::RecordingHandler handler;
  stream.SetHandler(&handler);
  const Fd server(accept(port.fd.get(), nullptr, nullptr));
  stream.Queue("ping");
  RunTurns(*loop);
  EXPECT_EQ(testing::ReadAvailable(server.get()), "ping");
  testing::WriteAll(server.get(), "pong");
  ASSERT_TRUE(RunUntil(*loop, [&] { return handler.received == "pong"; }));
  EXPECT_EQ(stream.peer().ToString(), "127.0.0.1");
}

// Our end of a connection to `peer`.
int FindSocket(const SocketAddress& peer) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_storage address{};
    socklen_t bytes = sizeof address;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) continue;
    if (FromSockaddr(address).ToString() == peer.ToString()) return fd;
  }
  return -1;
}

TEST(Connect, LetsTcpSearchForAPeerThatVanishes) {
  const auto loop = OpenLoop();
  const Port port;
  ASSERT_EQ(listen(port.fd.get(), 1), 0);
  const KeepAlive keep_alive{
      .idle_s = 7, .interval_s = 3, .count = 2, .unacknowledged_max = Milliseconds(900)};
  Outcome outcome;
  TaskScope scope;
  scope.Spawn(ConnectInto(*loop, {.address = port.address, .keep_alive = keep_alive}, outcome));
  ASSERT_TRUE(RunUntil(*loop, [&] { return outcome.has_value(); }));
  ASSERT_TRUE(*outcome);
  const int fd = FindSocket(port.address);
  const auto option = [fd](int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    getsockopt(fd, level, name, &value, &bytes);
    return value;
  };
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 7);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 3);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 2);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 900);
}

TEST(Connect, RefusalIsUnavailableAndNamesTheAddress) {
  const auto loop = OpenLoop();
  const Port port;
  Outcome outcome;
  TaskScope scope;
  scope.Spawn(ConnectInto(*loop, {.address = port.address}, outcome));
  ASSERT_TRUE(RunUntil(*loop, [&] { return outcome.has_value(); }));
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, Errc::kUnavailable);
  EXPECT_NE(outcome->error().detail.find(port.address.ToString()), std::string::npos);
  EXPECT_NE(outcome->error().detail.find("refused"), std::string::npos) << outcome->error().detail;
}

// A listener whose backlog is full answers nothing: Linux drops the SYN.
struct SilentPort : Port {
  SilentPort() {
    listen(fd.get(), 0);
    socklen_t bytes = 0;
    const sockaddr_storage target = ToSockaddr(address, bytes);
    for (int i = 0; i < 4; ++i) {
      fillers.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(fillers.back().get(), reinterpret_cast<const sockaddr*>(&target), bytes);
    }
  }
  std::vector<Fd> fillers;
};

TEST(Connect, SilenceIsATimeout) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const SilentPort port;
  Outcome outcome;
  TaskScope scope;
  scope.Spawn(ConnectInto(*loop, {.address = port.address, .timeout = Seconds(5)}, outcome));
  clock.Advance(Seconds(4));
  RunTurns(*loop);
  ASSERT_FALSE(outcome.has_value());
  clock.Advance(Seconds(2));
  RunTurns(*loop);
  ASSERT_TRUE(outcome.has_value());
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, Errc::kTimeout);
}

TEST(Connect, DestroyingTheTaskGivesItUp) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const SilentPort port;
  Outcome outcome;
  {
    TaskScope scope;
    scope.Spawn(ConnectInto(*loop, {.address = port.address}, outcome));
    RunTurns(*loop);
  }
  clock.Advance(Seconds(60));
  RunTurns(*loop);
  EXPECT_FALSE(outcome.has_value());
}

TEST(Connect, APeerThatNeverAnswersTheHandshakeIsATimeout) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const Port port;
  ASSERT_EQ(listen(port.fd.get(), 1), 0);
  const auto tls = OpenClientTls("");
  ASSERT_TRUE(tls);
  Outcome outcome;
  TaskScope scope;
  scope.Spawn(
      ConnectInto(*loop, {.address = port.address, .tls = *tls, .server_name = "localhost"}, outcome));
  RunTurns(*loop);
  ASSERT_FALSE(outcome.has_value());
  clock.Advance(Seconds(6));
  RunTurns(*loop);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().code, Errc::kTimeout);
}

// A peer that is asked for TLS and answers as the test says.
class TlsRequestTest : public ::testing::Test {
 protected:
  void Ask(const CertificateFiles& trusted, ClientTlsOptions options = {}) {
    ASSERT_EQ(listen(port_.fd.get(), 1), 0);
    options.authorities_file = trusted.certificate();
    const auto tls = OpenClientTls(options);
    ASSERT_TRUE(tls) << tls.error().detail;
    scope_.Spawn(ConnectInto(*loop_,
                             {.address = port_.address,
                              .tls = *tls,
                              .server_name = "localhost",
                              .tls_request = TlsRequest{.request = "tls?"}},
                             outcome_));
    std::string asked;
    ASSERT_TRUE(RunUntil(*loop_, [&] {
      if (!server_) server_ = Fd(accept4(port_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK));
      asked += testing::ReadAvailable(server_.get());
      return asked == "tls?";
    }));
    EXPECT_FALSE(outcome_.has_value());
  }
  std::string Failure() {
    EXPECT_TRUE(RunUntil(*loop_, [&] { return outcome_.has_value(); }));
    return *outcome_ ? "none" : outcome_->error().detail;
  }

  const std::unique_ptr<Loop> loop_ = OpenLoop();
  const Port port_;
  Fd server_;
  Outcome outcome_;
  TaskScope scope_;
};

TEST_F(TlsRequestTest, HandshakesWhenThePeerAccepts) {
  const CertificateFiles files;
  Ask(files, {.alpn = "http/1.1"});
  const auto tls = OpenServerTls(files.certificate(), files.key());
  testing::WriteAll(server_.get(), "S");
  const int fd = server_.get();
  const auto peer = Stream::Adopt(*loop_, server_.Release(), IpAddress{}, (*tls)->NewServerSession(fd));
  testing::RecordingHandler at_peer;
  peer->SetHandler(&at_peer);
  EXPECT_EQ(Failure(), "none");
  Stream& stream = ***outcome_;
  testing::RecordingHandler handler;
  stream.SetHandler(&handler);
  stream.Queue("over TLS");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return at_peer.received == "over TLS"; }));
  EXPECT_TRUE(stream.is_tls());
  EXPECT_EQ(stream.ServerEndPoint().size(), 32u);
  EXPECT_EQ(stream.ServerEndPoint(), peer->ServerEndPoint());
}

TEST_F(TlsRequestTest, GoesOnInTheClearWhenThePeerDeclines) {
  Ask(CertificateFiles());
  testing::WriteAll(server_.get(), "Nand more");
  EXPECT_EQ(Failure(), "none");
  Stream& stream = ***outcome_;
  testing::RecordingHandler handler;
  stream.SetHandler(&handler);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return handler.received == "and more"; }));
  EXPECT_FALSE(stream.is_tls());
  EXPECT_EQ(stream.ServerEndPoint(), "");
}

TEST_F(TlsRequestTest, TakesNothingThatCameBeforeTheHandshake) {
  Ask(CertificateFiles());
  testing::WriteAll(server_.get(), "Sinjected");
  EXPECT_TRUE(Failure().contains("before the TLS handshake")) << Failure();
}

TEST_F(TlsRequestTest, RefusesAnotherAnswer) {
  Ask(CertificateFiles());
  testing::WriteAll(server_.get(), "E");
  EXPECT_TRUE(Failure().contains("neither accepted nor declined")) << Failure();
}

TEST_F(TlsRequestTest, SaysThatThePeerHungUp) {
  Ask(CertificateFiles());
  server_.Reset();
  EXPECT_TRUE(Failure().contains("closed when it was asked")) << Failure();
}

}  // namespace
}  // namespace tidemill::net
