// Clients of Faktory's protocol on a node whose jobs another one has.
#include "jobs/nodes/gate.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

#include "jobs/nodes/testing/other_owner.h"
#include "net/testing/harness.h"

namespace tidemill::nodes {
namespace {

constexpr char kSwitching[] =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: faktory\r\n\r\n";

class GateTest : public ::testing::Test {
 protected:
  // A client, and the owner's end of its relay.
  struct Relayed {
    net::Fd client;
    net::Fd owner;
  };
  Relayed Connect() {
    auto [ours, client] = net::testing::TcpPair();
    gate_.OnStream(net::Stream::Adopt(*node_.loop, ours.Release(), {}, nullptr), net::Admission::kAdmitted);
    net::Fd owner = node_.Accept();
    EXPECT_TRUE(node_.ReadUntil(owner, "\r\n\r\n").contains("X-API-Key: 0123456789abcdef"));
    net::testing::WriteAll(owner.get(), std::string(kSwitching) + "+HI\r\n");
    EXPECT_EQ(node_.ReadUntil(client, "\r\n"), "+HI\r\n");
    return {.client = std::move(client), .owner = std::move(owner)};
  }
  // As much as the kernel takes of it now.
  static std::size_t Write(const net::Fd& fd, std::size_t bytes) {
    const std::string data(bytes, 'x');
    return static_cast<std::size_t>(
        std::max<ssize_t>(0, send(fd.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL)));
  }

  testing::OtherOwner node_;
  Gate gate_{*node_.loop,
             *node_.server,
             node_.ownership,
             {.key = {"0123456789abcdef"}, .buffers_bytes_max = 100'000},
             node_.metrics};
};

TEST_F(GateTest, BytesGoBothWays) {
  node_.Start();
  const Relayed relayed = Connect();
  net::testing::WriteAll(relayed.client.get(), "INFO\r\n");
  EXPECT_EQ(node_.ReadUntil(relayed.owner, "\r\n"), "INFO\r\n");
  net::testing::WriteAll(relayed.owner.get(), "$-1\r\n");
  EXPECT_EQ(node_.ReadUntil(relayed.client, "\r\n"), "$-1\r\n");
  EXPECT_EQ(node_.metrics.buffers_bytes.value(), 0) << "nothing is kept that was taken";
}

// However little a relay keeps: there may be many.
TEST_F(GateTest, EveryByteThatIsKeptIsCounted) {
  node_.Start();
  const Relayed relayed = Connect();
  constexpr std::size_t kPiece = 4096;
  std::int64_t kept = 0;
  for (int i = 0; i < 100'000 && kept == 0; ++i) {  // nobody reads at the owner
    Write(relayed.client, kPiece);
    node_.Turns(2);
    kept = node_.metrics.buffers_bytes.value();
  }
  EXPECT_GT(kept, 0);
  EXPECT_LE(kept, 32 * 1024) << "it was counted late";
  // Once the owner takes them, nothing is.
  EXPECT_TRUE(node_.Until([&] {
    (void)net::testing::ReadAvailable(relayed.owner.get());
    return node_.metrics.buffers_bytes.value() == 0;
  }));
}

TEST_F(GateTest, RelaysThatKeepTooMuchTogetherAreClosed) {
  node_.Start();
  std::vector<Relayed> relayed;
  for (int i = 0; i < 4; ++i) relayed.push_back(Connect());  // each keeps less than that
  EXPECT_TRUE(node_.Until([&] {
    for (const Relayed& each : relayed) Write(each.client, 16 * 1024);
    return node_.metrics.relays_refused.value() > 0;
  }));
  EXPECT_LE(node_.metrics.buffers_bytes.value(), 100'000);
  EXPECT_LT(gate_.relays(), 4u);
}

TEST_F(GateTest, ARelayWhoseClientIsGoneEndsWithItsOwner) {
  node_.Start();
  Relayed relayed = Connect();
  relayed.client = {};
  node_.Turns();
  EXPECT_EQ(gate_.relays(), 1u) << "what the client has sent still goes to the owner, which does not close";
  gate_.CloseAll();
  EXPECT_EQ(gate_.relays(), 0u);
  node_.Turns();
  EXPECT_EQ(node_.metrics.relays.value(), 0);
}

TEST_F(GateTest, AClientIsClosedWhenTheJobsMoveOn) {
  node_.Start();
  const Relayed relayed = Connect();
  node_.MoveOn();
  char byte = 0;
  EXPECT_TRUE(node_.Until([&] { return recv(relayed.client.get(), &byte, 1, MSG_DONTWAIT) == 0; }));
}

}  // namespace
}  // namespace tidemill::nodes
