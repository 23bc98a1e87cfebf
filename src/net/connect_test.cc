#include "net/connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "net/tls.h"

namespace tidemill::net {
namespace {

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

}  // namespace
}  // namespace tidemill::net
