#include "server/port.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "net/connect.h"
#include "net/task_scope.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "net/tls.h"
#include "server/testing/tcp_client.h"

namespace tidemill::server {
namespace {

using net::testing::OpenLoop;
using net::testing::RunTurns;
using net::testing::RunUntil;

// Greets whoever connects, as protocols do whose server speaks first.
class Greeter final : public net::StreamAcceptor, public net::StreamHandler {
 public:
  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission) override {
    stream->SetHandler(this);
    stream->Queue("HI\n");
    streams.push_back(std::move(stream));
  }
  void OnData(std::string_view) override {}
  void OnWritable() override {}
  void OnClosed() override {}

  std::vector<std::unique_ptr<net::Stream>> streams;
};

class PortTest : public ::testing::Test {
 protected:
  // The address it listens on.
  net::SocketAddress Open(Port& port) {
    const auto bound = port.Open(*loop_, *ParseAddresses({"127.0.0.1:0"}), nullptr, *limiter_);
    EXPECT_TRUE(bound) << bound.error().detail;
    return bound->front().address.tcp;
  }

  static Task<void> Dial(net::Loop& loop, std::string unix_path) {
    (void)co_await net::Connect(loop, {.unix_path = std::move(unix_path)});
  }

  std::unique_ptr<net::Loop> loop_ = OpenLoop();
  std::unique_ptr<net::ConnectionLimiter> limiter_ = net::ConnectionLimiter::Make({});
  Greeter greeter_;
};

TEST_F(PortTest, LetsTheServerSpeakFirstToASilentClient) {
  Port port("greeting", greeter_, {.server_speaks_first = true});
  const net::Fd client = testing::Connect(Open(port));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !greeter_.streams.empty(); }));
  RunTurns(*loop_);
  EXPECT_EQ(testing::ReadSome(client), "HI\n");
}

TEST_F(PortTest, WaitsForTheClientsFirstBytesOtherwise) {
  Port port("http", greeter_);
  const net::Fd client = testing::Connect(Open(port));
  RunTurns(*loop_);
  EXPECT_TRUE(greeter_.streams.empty());
  net::testing::WriteAll(client.get(), "x");
  EXPECT_TRUE(RunUntil(*loop_, [&] { return !greeter_.streams.empty(); }));
}

TEST_F(PortTest, ClosesWhenTheServerDrainsUnlessItIsToStayOpen) {
  Port closing("closing", greeter_, {.server_speaks_first = true});
  Port staying("staying", greeter_, {.server_speaks_first = true, .open_while_draining = true});
  const net::SocketAddress closed = Open(closing);
  const net::SocketAddress open = Open(staying);
  closing.Drain();
  staying.Drain();
  EXPECT_FALSE(testing::Connect(closed).valid());
  EXPECT_TRUE(testing::Connect(open).valid());
}

TEST_F(PortTest, UnixSocketsStayWithoutTlsWhenItIsReplaced) {
  const std::string path = ::testing::TempDir() + "port_test.sock";
  const net::testing::CertificateFiles files;
  const auto tls = net::OpenServerTls(files.certificate(), files.key());
  ASSERT_TRUE(tls) << tls.error().detail;
  Port port("greeting", greeter_, {.server_speaks_first = true});
  ASSERT_TRUE(port.Open(*loop_, *ParseAddresses({"unix:" + path}), *tls, *limiter_));
  port.ReplaceTls(*tls);
  TaskScope scope;
  scope.Spawn(Dial(*loop_, path));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !greeter_.streams.empty(); }));
  EXPECT_FALSE(greeter_.streams.front()->is_tls());
}

TEST_F(PortTest, NamesAnAddressThatIsTaken) {
  Port first("a", greeter_);
  Port second("b", greeter_);
  const net::SocketAddress taken = Open(first);
  const std::string text = "127.0.0.1:" + std::to_string(taken.port);
  const auto bound = second.Open(*loop_, *ParseAddresses({text}), nullptr, *limiter_);
  ASSERT_FALSE(bound);
  EXPECT_TRUE(bound.error().detail.contains(text)) << bound.error().detail;
}

}  // namespace
}  // namespace tidemill::server
