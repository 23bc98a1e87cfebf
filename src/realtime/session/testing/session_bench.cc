#include "realtime/session/testing/session_bench.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "realtime/session/node_directory.h"
#include "realtime/session/session_secret.h"
#include "websocket/frame.h"

namespace tidemill::session {

TestClient::TestClient(SessionBench& bench, SessionForm form) : bench_(bench) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  peer_fd_ = ends[1];
  stream_ = net::Stream::Adopt(bench.loop(), ends[0], {}, nullptr);
  stream_->SetHandler(this);
  if (form.transport() != TransportKind::kWebsocket) secret_ = MakeSessionSecret(bench.loop().index());
  session_ = std::make_unique<Session>(bench.context(), *this, form);
}

TestClient::~TestClient() {
  if (session_) HangUp();
  if (session_) {
    // A command is still in flight, or it has many channels to leave.
    bench_.broker().Resume();
    for (int turns = 0; session_ && turns < 5000; ++turns) bench_.Turn();
  }
  close(peer_fd_);
}

std::vector<std::string> TestClient::Say(std::string_view frame) {
  session_->OnFrame(frame);
  bench_.Turn();
  return Hear();
}

std::vector<std::string> TestClient::Hear() {
  std::string bytes(1 << 20, '\0');
  const ssize_t got = recv(peer_fd_, bytes.data(), bytes.size(), 0);
  received_.append(bytes, 0, got > 0 ? static_cast<std::size_t>(got) : 0);
  std::vector<std::string> messages;
  std::string_view rest = received_;
  while (!rest.empty()) {
    const auto length = rest.size() < 2 ? 0u : static_cast<unsigned char>(rest[1]);
    const std::size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (rest.size() < header || rest.size() < websocket::FrameBytes(rest)) break;
    const std::size_t whole = websocket::FrameBytes(rest);
    messages.emplace_back(rest.substr(header, whole - header));
    rest.remove_prefix(whole);
  }
  received_.erase(0, received_.size() - rest.size());
  return messages;
}

std::vector<std::string> TestClient::HearAll() {
  std::vector<std::string> all;
  for (int idle = 0; idle < 3; ++idle) {
    const std::size_t before = received_.size();
    for (std::string& message : Hear()) {
      all.push_back(std::move(message));
      idle = -1;
    }
    if (received_.size() != before) idle = -1;
    bench_.Turn();
  }
  return all;
}

void TestClient::HangUp() {
  session_->OnTransportClosed();
  bench_.Turn();
}

void TestClient::QueueMessage(std::string_view message) {
  std::string frame;
  websocket::AppendFrameHeader({websocket::Opcode::kText}, message.size(), frame);
  stream_->Queue(frame);
  stream_->Queue(message);
}

bool TestClient::QueuePing() { return false; }

void TestClient::Close(std::uint32_t code, std::string_view reason) {
  close_code_ = code;
  close_reason_ = reason;
}

void TestClient::Retire() {
  struct Box final : net::Retirable {
    explicit Box(std::unique_ptr<Session> s) : session(std::move(s)) {}
    std::unique_ptr<Session> session;
  };
  bench_.loop().Retire(std::make_unique<Box>(std::move(session_)));
}

void TestClient::OnWritable() { session_->OnWritable(); }

SessionBench::SessionBench(BenchSettings settings)
    : loop_(*net::Loop::Open({.clock = &clock_})),
      hub_metrics_(registry_),
      session_metrics_(registry_),
      brokers_(broker::MakeMemoryBrokerShards({loop_.get()}, {})),
      memory_(brokers_->TakeShard(0)),
      broker_(*loop_, *memory_.broker, *memory_.presence),
      hub_(*loop_, hub_metrics_, {}) {
  memory_.broker->SetEvents(hub_);
  auto shared = std::make_shared<SessionSettings>();
  shared->client = settings.client;
  shared->client.token.hmac_secret_key.value = kSecret;
  shared->websocket = settings.websocket;
  shared->sse = settings.sse;
  shared->http_stream = settings.http_stream;
  shared->uni_websocket = settings.uni_websocket;
  shared->uni_sse = settings.uni_sse;
  shared->uni_http_stream = settings.uni_http_stream;
  shared->node_id = settings.node_id;
  shared->rules = *channels::Rules::Make(settings.channel, settings.client.PersonalNamespace());
  shared->rates = *ClientRates::Make(settings.client.connection_rate, settings.client.user_rate);
  shared->version = "test";
  publisher_ = std::make_unique<broker::Publisher>(broker_, broker_, shared->rules);
  maps_ = std::make_unique<broker::MapPublisher>(*memory_.maps, broker_, shared->rules);
  auto tokens = *MakeTokens(*loop_, shared->client);
  context_ = std::unique_ptr<Context>(new Context{.loop = *loop_,
                                                  .broker = broker_,
                                                  .presence = broker_,
                                                  .publisher = *publisher_,
                                                  .maps = *maps_,
                                                  .hub = hub_,
                                                  .metrics = session_metrics_,
                                                  .settings = std::move(shared),
                                                  .tokens = std::move(tokens),
                                                  .access = &access_,
                                                  .scope = scope_});
  contexts_.push_back(context_.get());
  directory_ = MakeNodeDirectory(*context_, contexts_);
  context_->directory = directory_.get();
}

SessionBench::~SessionBench() = default;

std::string SessionBench::Token(std::string_view claims) { return auth::SignHs256(claims, kSecret); }

void SessionBench::Publish(std::string channel, std::string data) {
  struct Publishing {
    static Task<void> Run(broker::Broker& broker, std::string name, std::string payload) {
      broker::Publication publication;
      publication.data = std::move(payload);
      broker::PublishOptions options{.stream = {.size = 5, .ttl = Seconds(300)}};
      (void)co_await broker.Publish(broker::ChannelName(std::move(name)), std::move(publication), options);
    }
  };
  scope_.Spawn(Publishing::Run(*memory_.broker, std::move(channel), std::move(data)));
}

std::optional<Result<void>> SessionBench::Apply(control::Target target, control::Action action) {
  struct Applying {
    static Task<void> Run(control::Directory& directory, control::Target to, control::Action what,
                          std::shared_ptr<std::optional<Result<void>>> done) {
      done->emplace(co_await directory.Apply(std::move(to), std::move(what)));
    }
  };
  const auto done = std::make_shared<std::optional<Result<void>>>();
  scope_.Spawn(Applying::Run(*directory_, std::move(target), std::move(action), done));
  Turn();
  return *done;
}

std::vector<broker::PublicationPtr> SessionBench::History(std::string channel) {
  struct Reading {
    static Task<void> Run(broker::Publisher& publisher, std::string name,
                          std::vector<broker::PublicationPtr>& publications) {
      auto history = co_await publisher.History({.channel = std::move(name), .query = {.limit = -1}});
      if (history) publications = std::move(history->publications);
    }
  };
  std::vector<broker::PublicationPtr> publications;
  scope_.Spawn(Reading::Run(*publisher_, std::move(channel), publications));
  return publications;
}

void SessionBench::Advance(Duration by) {
  // In steps, so that each timer sees a plausible time.
  for (std::int64_t left = by.ms; left > 0; left -= 500) {
    clock_.Advance(Milliseconds(std::min<std::int64_t>(left, 500)));
    Turn();
  }
}

void SessionBench::Turn() { loop_->RunOnce(Milliseconds(0)); }

}  // namespace tidemill::session
