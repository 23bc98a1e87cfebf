#include "realtime/session/transports/websocket.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "realtime/protocol/codec.h"
#include "realtime/session/transports/entry_check.h"
#include "realtime/session/transports/websocket_session.h"
#include "websocket/handshake.h"

namespace tidemill::session {
namespace {

constexpr std::array<std::string_view, 2> kSubprotocols = {"centrifuge-protobuf", "centrifuge-json"};
constexpr int kForbidden = 403;  // the handshake's answer to an origin

bool WantsProtobuf(const http::Request& request, std::string_view subprotocol) {
  if (subprotocol == "centrifuge-protobuf") return true;
  for (const std::string_view name : {"format", "cf_protocol"}) {
    if (request.QueryParameter(name) == "protobuf") return true;
  }
  return false;
}

// What both endpoints do. A derived one makes the session of a handshake that was accepted.
class Endpoint : public http::TakeoverHandler {
 public:
  explicit Endpoint(Context& context) : context_(context), entry_(context) {}

  bool idle() const override { return sessions_.empty(); }

 protected:
  struct Offer {
    std::span<const std::string_view> subprotocols;
    bool compression = false;
    std::uint32_t message_bytes_max = 0;
  };
  struct Accepted {
    websocket::Handshake handshake;
    std::unique_ptr<websocket::MessageInflater> inflater;
    const websocket::ConnectionOptions& options;
  };

  std::expected<Accepted, http::Response> Accept(const http::Request& request, const Offer& offer) {
    if (auto draining = entry_.WhileDraining()) return std::unexpected(*std::move(draining));
    const SessionSettings& settings = *context_.settings;
    auto handshake =
        websocket::AcceptHandshake(request, {.subprotocols = offer.subprotocols,
                                             .deflate = offer.compression,
                                             .allowed_origins = settings.client.allowed_origins});
    if (!handshake) {
      if (handshake.error().status == kForbidden) return std::unexpected(entry_.ForeignOrigin(request));
      return std::unexpected(std::move(handshake).error());
    }
    std::unique_ptr<websocket::MessageInflater> inflater;
    if (handshake->deflate) inflater = websocket::MessageInflater::Make(*handshake->deflate);
    UpdateOptions(offer.message_bytes_max, settings.websocket.fragments_max);
    return Accepted{*std::move(handshake), std::move(inflater), *options_};
  }

  Context& context_;
  WebsocketSession::List sessions_;

 private:
  // Connections refer to the options they began with; a reload makes new ones and keeps the old.
  void UpdateOptions(std::uint32_t message_bytes_max, std::uint32_t fragments_max) {
    const websocket::FrameLimits limits{
        .message_bytes_max = message_bytes_max, .fragments_max = fragments_max, .buffers = context_.buffers};
    if (options_ && options_->limits.message_bytes_max == limits.message_bytes_max &&
        options_->limits.fragments_max == limits.fragments_max) {
      return;
    }
    if (options_) former_options_.push_back(std::move(options_));
    options_ = std::make_unique<websocket::ConnectionOptions>(websocket::ConnectionOptions{.limits = limits});
  }

  EntryCheck entry_;
  std::unique_ptr<websocket::ConnectionOptions> options_;
  std::vector<std::unique_ptr<websocket::ConnectionOptions>> former_options_;
};

class BidirectionalEndpoint final : public Endpoint {
 public:
  using Endpoint::Endpoint;

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest, http::HeadWriter&) override {
    const WebsocketSettings& settings = context_.settings->websocket;
    auto accepted = Accept(request, {.subprotocols = kSubprotocols,
                                     .compression = settings.compression,
                                     .message_bytes_max = settings.message_size_limit});
    if (!accepted) return std::move(accepted).error();
    SessionForm form;
    if (WantsProtobuf(request, accepted->handshake.subprotocol))
      form.encoding = protocol::Encoding::kProtobuf;
    form.compressed = accepted->handshake.deflate.has_value();
    form.native_ping = request.QueryParameter("cf_ws_frame_ping_pong") == "true";
    stream->Queue(accepted->handshake.response);
    // Owns itself from here: the session retires it when both are over.
    auto* const session = new WebsocketSession(context_, sessions_, std::move(stream), accepted->options,
                                               std::move(accepted->inflater), form);
    session->KeepHeaders(request);
    session->Start(rest);
    return std::nullopt;
  }
};

class UnidirectionalEndpoint final : public Endpoint {
 public:
  using Endpoint::Endpoint;

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest, http::HeadWriter&) override {
    const UniWebsocketSettings& settings = context_.settings->uni_websocket;
    const auto text = request.QueryParameter("cf_connect");
    std::optional<protocol::ConnectRequest> connect;
    if (text && !text->empty()) {
      auto read = protocol::ReadConnectRequest(*text);
      if (!read) return http::Response::Text(400, "not a connect request: " + read.error().detail + "\n");
      connect = *std::move(read);
    }
    auto accepted = Accept(request, {.subprotocols = {},
                                     .compression = settings.compression,
                                     .message_bytes_max = settings.message_size_limit});
    if (!accepted) return std::move(accepted).error();
    const SessionForm form{.direction = protocol::Direction::kUnidirectional,
                           .compressed = accepted->handshake.deflate.has_value()};
    stream->Queue(accepted->handshake.response);
    using EndsWith = UniWebsocketSession::EndsWith;
    // Owns itself from here, as the other.
    auto* const session = new UniWebsocketSession(
        context_, sessions_, std::move(stream), accepted->options, std::move(accepted->inflater), form,
        settings.disable_disconnect_push ? EndsWith::kClose : EndsWith::kMessageAndClose);
    session->KeepHeaders(request);
    if (connect) session->Connect(*std::move(connect));
    session->Start(rest);
    return std::nullopt;
  }
};

}  // namespace

std::shared_ptr<http::TakeoverHandler> MakeWebsocketEndpoint(Context& context) {
  return std::make_shared<BidirectionalEndpoint>(context);
}

std::shared_ptr<http::TakeoverHandler> MakeUniWebsocketEndpoint(Context& context) {
  return std::make_shared<UnidirectionalEndpoint>(context);
}

}  // namespace tidemill::session
