#include "conformance/echo/echo.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "websocket/handshake.h"

namespace tidemill::websocket {
namespace {

class EchoSession;

class EchoHandler final : public http::TakeoverHandler {
 public:
  explicit EchoHandler(EchoOptions options) : options_(std::move(options)) {}

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest, http::HeadWriter&) override;
  bool idle() const override { return sessions_.empty(); }
  const EchoOptions& options() const { return options_; }
  void Drop(EchoSession& session, net::Loop& loop);

 private:
  const EchoOptions options_;
  std::unordered_map<EchoSession*, std::unique_ptr<EchoSession>> sessions_;
};

class EchoSession final : public ConnectionHandler, public net::Retirable {
 public:
  EchoSession(EchoHandler& owner, std::unique_ptr<net::Stream> stream,
              std::optional<DeflateParameters> deflate)
      : owner_(owner),
        deflate_(deflate),
        connection_(std::move(stream), owner.options().connection,
                    deflate ? MessageInflater::Make(*deflate) : nullptr, *this) {}

  Connection& connection() { return connection_; }

  void OnMessage(Opcode kind, std::string_view payload) override {
    net::Stream& stream = connection_.stream();
    std::optional<std::string> compressed;
    if (deflate_) compressed = DeflateMessage(payload, deflate_->server_max_window_bits);
    if (compressed) {
      std::string header;
      AppendFrameHeader({.opcode = kind, .compressed = true}, compressed->size(), header);
      stream.Queue(header);
      stream.Queue(*compressed);
    } else {
      connection_.QueueMessage(kind, payload);
    }
    // Only a stream that had to wait tells when it can go on; what it merely queued leaves this turn.
    if (stream.blocked() && stream.queued_bytes() > owner_.options().queued_bytes_max) stream.PauseReading();
  }

  void OnWritable() override { connection_.stream().ResumeReading(); }

  void OnClosed(CloseCode, std::string_view) override { owner_.Drop(*this, connection_.stream().loop()); }

 private:
  EchoHandler& owner_;
  const std::optional<DeflateParameters> deflate_;
  Connection connection_;
};

std::optional<http::Response> EchoHandler::TakeOver(const http::Request& request,
                                                    std::unique_ptr<net::Stream>& stream,
                                                    std::string_view rest, http::HeadWriter&) {
  auto handshake = AcceptHandshake(
      request,
      {.subprotocols = {}, .deflate = options_.deflate, .deflate_window_bits_min = 9, .allowed_origins = {}});
  if (!handshake) return std::move(handshake).error();
  stream->Queue(handshake->response);
  auto session = std::make_unique<EchoSession>(*this, std::move(stream), handshake->deflate);
  Connection& connection = session->connection();
  sessions_.emplace(session.get(), std::move(session));
  connection.Start(rest);
  return std::nullopt;
}

void EchoHandler::Drop(EchoSession& session, net::Loop& loop) {
  if (auto node = sessions_.extract(&session)) loop.Retire(std::move(node.mapped()));
}

}  // namespace

std::unique_ptr<http::TakeoverHandler> MakeEchoHandler(EchoOptions options) {
  return std::make_unique<EchoHandler>(std::move(options));
}

}  // namespace tidemill::websocket
