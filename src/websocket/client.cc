#include "websocket/client.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/base64.h"
#include "base/random.h"
#include "websocket/handshake.h"

namespace tidemill::websocket {
namespace {

constexpr std::size_t kRefusalBytesMax = 64 * 1024;

template <class T>
T Random() {
  T bytes;
  FillRandom(std::as_writable_bytes(std::span(&bytes, 1)));
  return bytes;
}

std::string NewKey() {
  const auto bytes = Random<std::array<char, 16>>();
  return Base64Encode({bytes.data(), bytes.size()}, Base64::kStandard);
}

std::string_view Header(const http::ClientResponse& response, std::string_view name) {
  const auto found =
      std::ranges::find(response.headers, name, [](const auto& header) { return header.first; });
  return found == response.headers.end() ? std::string_view() : found->second;
}

Error Broken(std::string_view rule) {
  return {Errc::kInvalidArgument, "the server broke the WebSocket protocol: " + std::string(rule)};
}

}  // namespace

Task<Result<std::unique_ptr<Client>>> Client::Open(std::unique_ptr<net::Stream> stream, ClientOptions options,
                                                   Duration wait) {
  std::unique_ptr<Client> client(new Client(std::move(stream), std::move(options)));
  client->Ask();
  TM_CO_TRY(co_await client->Next(wait));
  co_return client;
}

Client::Client(std::unique_ptr<net::Stream> stream, ClientOptions options)
    : stream_(std::move(stream)),
      options_(std::move(options)),
      key_(NewKey()),
      response_(kRefusalBytesMax, http::ResponseParser::Body::kUpgrade),
      reader_(options_.limits, Peer::kServer) {
  stream_->SetHandler(this);
}

Client::~Client() {
  stream_->Close();
  net::Loop& loop = stream_->loop();
  loop.Retire(std::move(stream_));
}

void Client::Ask() {
  std::string request = "GET " + options_.target + " HTTP/1.1\r\nHost: " + options_.host;
  request += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  request += "Sec-WebSocket-Key: " + key_ + "\r\n";
  if (!options_.subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + options_.subprotocol + "\r\n";
  stream_->Queue(request + "\r\n");
}

void Client::Send(Opcode kind, std::string_view payload) {
  std::string frame;
  AppendMaskedFrame(kind, payload, Random<std::uint32_t>(), frame);
  stream_->Queue(frame);
}

void Client::SendClose(CloseCode code) { Send(Opcode::kClose, ClosePayload(code, {})); }

void Client::OnData(std::string_view bytes) {
  if (failure_) return;
  if (open_) {
    // They lie in the loop's read buffer, which nobody else reads again.
    ReadFrames({const_cast<char*>(bytes.data()), bytes.size()});
  } else {
    ReadHandshake(bytes);
  }
  Wake();
}

void Client::OnClosed() {
  // A refusal without a length ends with the connection.
  if (const Result<bool> ended = open_ ? false : response_.End(); ended && *ended) FinishHandshake();
  FailWith({Errc::kClosed, "the server closed the connection"});
  Wake();
}

void Client::ReadHandshake(std::string_view bytes) {
  const Result<bool> complete = response_.Feed(bytes);
  if (!complete) return FailWith(complete.error());
  if (*complete) FinishHandshake();
}

void Client::FinishHandshake() {
  if (std::optional<Error> problem = CheckHandshake(response_.Take())) return FailWith(*std::move(problem));
  open_ = true;
  events_.push_back({.kind = Event::Kind::kOpened, .payload = {}});
  std::string rest = response_.TakeRest();
  ReadFrames(rest);
}

// RFC 6455 section 4.1, what the client must validate.
std::optional<Error> Client::CheckHandshake(const http::ClientResponse& response) const {
  if (response.status != 101) {
    return Error{Errc::kPermissionDenied,
                 "answered with status " + std::to_string(response.status) + " instead of a WebSocket"};
  }
  if (Header(response, "sec-websocket-accept") != AcceptKey(key_))
    return Broken("a false Sec-WebSocket-Accept");
  if (!Header(response, "sec-websocket-extensions").empty())
    return Broken("an extension that was not asked for");
  const std::string_view subprotocol = Header(response, "sec-websocket-protocol");
  if (!subprotocol.empty() && subprotocol != options_.subprotocol) {
    return Broken("a subprotocol that was not asked for");
  }
  return std::nullopt;
}

void Client::ReadFrames(std::span<char> bytes) {
  while (const std::optional<FrameReader::Event> event = reader_.Next(bytes, nullptr)) Take(*event);
}

void Client::Take(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  std::string payload(event.payload);
  switch (event.kind) {
    case Kind::kText: events_.push_back({.kind = Event::Kind::kText, .payload = std::move(payload)}); break;
    case Kind::kBinary:
      events_.push_back({.kind = Event::Kind::kBinary, .payload = std::move(payload)});
      break;
    case Kind::kPing: Send(Opcode::kPong, payload); break;
    case Kind::kPong: break;
    case Kind::kClose:
      events_.push_back({.kind = Event::Kind::kClosed, .payload = std::move(payload), .code = event.code});
      break;
    case Kind::kError: FailWith(Broken(event.error)); break;
  }
}

void Client::FailWith(Error error) {
  if (!failure_) failure_ = std::move(error);
}

// Last in a callback: whoever is resumed may destroy the client.
void Client::Wake() {
  if (events_.empty() && !failure_) return;
  if (waiting_ != nullptr) return waiting_->Resume();
  stream_->PauseReading();
}

Result<Client::Event> Client::TakeEvent() {
  if (events_.empty()) return std::unexpected(*failure_);
  Event event = std::move(events_.front());
  events_.pop_front();
  if (events_.empty()) stream_->ResumeReading();
  return event;
}

Client::Waiting::~Waiting() {
  if (client_.waiting_ == this) client_.waiting_ = nullptr;
}

void Client::Waiting::await_suspend(std::coroutine_handle<> awaiter) {
  awaiter_ = awaiter;
  client_.waiting_ = this;
  net::Loop& loop = client_.stream_->loop();
  loop.timers().Schedule(*this, loop.clock().Now() + wait_);
}

Result<Client::Event> Client::Waiting::await_resume() {
  if (!await_ready()) return Fail(Errc::kTimeout, "no answer in time");
  return client_.TakeEvent();
}

void Client::Waiting::Resume() {
  client_.stream_->loop().timers().Cancel(*this);
  client_.waiting_ = nullptr;
  awaiter_.resume();
}

}  // namespace tidemill::websocket
