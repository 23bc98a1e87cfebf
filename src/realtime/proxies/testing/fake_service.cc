#include "realtime/proxies/testing/fake_service.h"

#include <gtest/gtest.h>

#include <charconv>
#include <utility>

namespace tidemill::proxies {

struct FakeService::Client final : net::StreamHandler {
  Client(FakeService& s, std::unique_ptr<net::Stream> accepted) : service(s), stream(std::move(accepted)) {
    stream->SetHandler(this);
  }
  void OnData(std::string_view bytes) override {
    received += bytes;
    const std::size_t head = received.find("\r\n\r\n");
    if (head == std::string::npos) return;
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t at = received.find(kLength);
    std::size_t length = 0;
    std::from_chars(received.data() + at + kLength.size(), received.data() + head, length);
    if (received.size() < head + 4 + length) return;
    service.requests.push_back(std::exchange(received, ""));
    waits = true;
    if (!service.answer_.empty() || service.closes_) service.Answer(*this);
  }
  void OnWritable() override {}
  void OnClosed() override {}

  FakeService& service;
  std::unique_ptr<net::Stream> stream;
  std::string received;
  bool waits = false;
};

FakeService::FakeService(net::Loop& loop) : loop_(loop) {
  net::ListenerOptions options;
  options.address = *net::ListenAddress::Parse("127.0.0.1:0");
  options.defer_accept = false;
  auto listener = net::OpenListener(loop_, std::move(options), *this);
  EXPECT_TRUE(listener);
  listener_ = *std::move(listener);
  port_ = listener_->bound().tcp.port;
}

FakeService::~FakeService() {
  for (const auto& client : clients_) loop_.Retire(std::move(client->stream));
}

std::string FakeService::Url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void FakeService::AnswerWith(int status, std::string_view body) {
  closes_ = false;
  answer_ = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + std::string(body);
}

void FakeService::AnswerWaiting() {
  for (const auto& client : clients_) {
    if (client->waits) Answer(*client);
  }
}

void FakeService::Close() { listener_.reset(); }

void FakeService::OnStream(std::unique_ptr<net::Stream> stream, net::Admission) {
  clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
  clients_.back()->stream->ReadNow();
}

void FakeService::Answer(Client& client) {
  client.waits = false;
  if (!answer_.empty()) client.stream->Queue(answer_);
  if (closes_) client.stream->CloseAfterFlush(Seconds(1));
}

}  // namespace tidemill::proxies
