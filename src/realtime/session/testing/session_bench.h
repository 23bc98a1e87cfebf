// SessionBench: a loop, a memory broker and sessions whose peers are in the test's hands; time is moved by
// hand.
//
// Frames go in as text and come out as text, so that a test reads like a transcript.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/hub/hub.h"
#include "realtime/session/context.h"
#include "realtime/session/session.h"
#include "realtime/session/testing/pausable_broker.h"
#include "realtime/session/transport.h"

namespace tidemill::session {

class SessionBench;

// One client. Its frames are WebSocket's, whatever its form: the messages of it are what the tests are about.
class TestClient final : public Transport, public net::StreamHandler {
 public:
  TestClient(SessionBench& bench, SessionForm form);
  ~TestClient();

  // Sends one frame and gives what came back up to the end of the turn.
  std::vector<std::string> Say(std::string_view frame);
  // What came since the last call.
  std::vector<std::string> Hear();
  // The same, turn by turn until nothing more comes.
  std::vector<std::string> HearAll();
  void HangUp();

  std::uint32_t close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }
  bool retired() const { return session_ == nullptr; }
  Session& session() { return *session_; }
  std::string id() const { return session_->client().ToString(); }

  // Transport
  void QueueMessage(std::string_view message) override;
  bool QueuePing() override;
  void Close(std::uint32_t code, std::string_view reason) override;
  void Retire() override;
  net::Stream& stream() override { return *stream_; }
  const Uuid* secret() const override { return secret_ ? &*secret_ : nullptr; }

  // net::StreamHandler
  void OnData(std::string_view) override {}
  void OnWritable() override;
  void OnClosed() override {}

 private:
  SessionBench& bench_;
  int peer_fd_ = -1;
  std::optional<Uuid> secret_;  // of one that is not of WebSocket
  std::string received_;        // of a frame whose end has not come
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<Session> session_;
  std::uint32_t close_code_ = 0;
  std::string close_reason_;
};

// The settings that sessions read.
struct BenchSettings {
  ClientSettings client;
  WebsocketSettings websocket;
  HttpStreamSettings sse{.enabled = true, .handler_prefix = "/sse"};
  HttpStreamSettings http_stream{.enabled = true, .handler_prefix = "/http_stream"};
  UniWebsocketSettings uni_websocket{.enabled = true, .handler_prefix = "/uni_websocket"};
  HttpStreamSettings uni_sse{.enabled = true, .handler_prefix = "/uni_sse"};
  HttpStreamSettings uni_http_stream{.enabled = true, .handler_prefix = "/uni_http_stream"};
  channels::ChannelSettings channel;
  std::string node_id = "node";
};

class SessionBench {
 public:
  static constexpr char kSecret[] = "secret";

  explicit SessionBench(BenchSettings settings);
  ~SessionBench();

  std::unique_ptr<TestClient> Connect(SessionForm form = {}) {
    return std::make_unique<TestClient>(*this, form);
  }
  // A token of this bench: the claims, signed.
  static std::string Token(std::string_view claims);
  std::int64_t WallSeconds() const { return clock_.WallNow().ms / 1000; }
  void Publish(std::string channel, std::string data);
  // What the server API does; nullopt if it is not done at the turn's end.
  std::optional<Result<void>> Apply(control::Target target, control::Action action);
  // What the broker keeps of a channel with a stream, oldest first.
  std::vector<broker::PublicationPtr> History(std::string channel);

  void Advance(Duration by);
  void Turn();

  Context& context() { return *context_; }
  broker::MapPublisher& maps() { return *maps_; }
  // What sessions use: the memory broker until it is paused.
  PausableBroker& broker() { return broker_; }
  net::Loop& loop() { return *loop_; }

 private:
  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_;
  metrics::Registry registry_;
  hub::HubMetrics hub_metrics_;
  SessionMetrics session_metrics_;
  access::AccessList access_{1000, registry_};
  std::unique_ptr<broker::MemoryBrokerShards> brokers_;
  broker::LoopBroker memory_;
  PausableBroker broker_;
  std::unique_ptr<broker::Publisher> publisher_;
  std::unique_ptr<broker::MapPublisher> maps_;
  hub::Hub hub_;
  std::vector<Context*> contexts_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<control::Directory> directory_;
  TaskScope scope_;
};

}  // namespace tidemill::session
