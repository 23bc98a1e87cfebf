// For tests of the hub: a loop driven by hand, and sessions as the hub sees them.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/hub/hub.h"

namespace tidemill::hub::testing {

// A session as the hub sees it, with the peer's end of its socket in the test's hands.
struct Peer final : OutboxOwner, net::StreamHandler {
  struct Follow final : Subscription {
    bool inappropriate = false;
    bool lost = false;
    bool takes_gaps = false;
    void OnInappropriateData() override { inappropriate = true; }
    bool needs_whole_stream() const override { return !takes_gaps; }
    void OnStreamLost() override { lost = true; }
  };

  Peer(net::Loop& loop, std::size_t queued_bytes_max) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    fd = ends[1];
    stream = net::Stream::Adopt(loop, ends[0], {}, nullptr);
    stream->SetHandler(this);
    outbox = std::make_unique<Outbox>(*this, *stream, queued_bytes_max);
  }
  ~Peer() { close(fd); }

  std::string Read() {
    static std::vector<char> room(1 << 20);
    const ssize_t got = recv(fd, room.data(), room.size(), 0);
    return {room.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  std::size_t answer_bytes() const override { return answer; }
  void OnSlow(std::size_t queued_bytes) override { slow_at = queued_bytes; }
  void OnData(std::string_view) override {}
  void OnWritable() override { outbox->OnWritable(); }
  void OnClosed() override {}

  int fd = -1;
  std::size_t slow_at = 0;
  std::size_t answer = 0;  // of what is on the stream
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<Outbox> outbox;
  Follow follow;
  Follow other;
};

class HubTest : public ::testing::Test {
 protected:
  explicit HubTest(net::LoopOptions options = {})
      : loop_(*net::Loop::Open(options)), metrics_(registry_), hub_(*loop_, metrics_, {}) {}
  ~HubTest() override {
    for (auto& peer : peers_) {
      for (Subscription* subscription : {&peer->follow, &peer->other}) {
        if (subscription->attached()) hub_.Detach(*subscription);
      }
      peer->outbox->Close();
    }
  }

  Peer& AddPeer(std::size_t queued_bytes_max = 1 << 20) {
    return *peers_.emplace_back(std::make_unique<Peer>(*loop_, queued_bytes_max));
  }
  Peer& Follow(std::string_view channel, Form form = {}) {
    Peer& peer = AddPeer();
    hub_.Attach(channel, form, *peer.outbox, peer.follow);
    return peer;
  }
  void Publish(std::string channel, std::string data) {
    auto publication = std::make_shared<protocol::Publication>();
    publication->data = std::move(data);
    hub_.OnPublication(broker::ChannelName(std::move(channel)), publication);
  }
  void Turn() { loop_->RunOnce(Milliseconds(0)); }

  std::unique_ptr<net::Loop> loop_;
  metrics::Registry registry_;
  HubMetrics metrics_;
  Hub hub_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace tidemill::hub::testing
