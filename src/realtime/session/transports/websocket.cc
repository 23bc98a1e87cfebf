#include "realtime/session/transports/websocket.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/intrusive_list.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/utf8.h"
#include "realtime/session/session.h"
#include "realtime/session/transport.h"
#include "websocket/connection.h"
#include "websocket/handshake.h"

namespace tidemill::session {
namespace {

constexpr std::array<std::string_view, 2> kSubprotocols = {"centrifuge-protobuf", "centrifuge-json"};
constexpr int kForbidden = 403;               // the handshake's answer to an origin
constexpr std::size_t kOriginBytesMax = 200;  // of one that is told back

bool WantsProtobuf(const http::Request& request, std::string_view subprotocol) {
  if (subprotocol == "centrifuge-protobuf") return true;
  for (const std::string_view name : {"format", "cf_protocol"}) {
    if (request.QueryParameter(name) == "protobuf") return true;
  }
  return false;
}

class WebsocketSession;

// All of one loop, so that those left at the end are destroyed too.
using SessionList = IntrusiveList<WebsocketSession>;

// One client's connection and session, in one piece of memory. Destroyed at the end of the turn in which it
// retires; or by its endpoint, if that ends first.
class WebsocketSession final : public Transport,
                               public websocket::ConnectionHandler,
                               public ListLink<WebsocketSession> {
 public:
  WebsocketSession(Context& context, SessionList& list, std::unique_ptr<net::Stream> stream,
                   const websocket::ConnectionOptions& options,
                   std::unique_ptr<websocket::MessageInflater> inflater, SessionForm form)
      : message_kind_(form.encoding == protocol::Encoding::kJson ? websocket::Opcode::kText
                                                                 : websocket::Opcode::kBinary),
        connection_(std::move(stream), options, std::move(inflater), *this),
        session_(context, *this, form) {
    list.PushFront(*this);
  }
  ~WebsocketSession() {
    if (ending_ != nullptr) ending_->session = nullptr;
  }

  void Start(std::string_view rest) { connection_.Start(rest); }

  // Transport
  void QueueMessage(std::string_view message) override { connection_.QueueMessage(message_kind_, message); }
  bool QueuePing() override {
    connection_.QueuePing();
    return true;
  }
  void Close(std::uint32_t code, std::string_view reason) override {
    connection_.Close(static_cast<std::uint16_t>(code), reason);
  }
  void Admit() override { connection_.Admit(); }
  void Retire() override {
    auto ending = std::make_unique<Ending>(*this);
    ending_ = ending.get();
    session_.loop().Retire(std::move(ending));
  }
  net::Stream& stream() override { return connection_.stream(); }

  // websocket::ConnectionHandler
  void OnMessage(websocket::Opcode, std::string_view payload) override { session_.OnFrame(payload); }
  void OnPong() override { session_.OnPong(); }
  void OnExtraFrames(std::size_t frames) override { session_.OnExtraFrames(frames); }
  void OnBuffersUsedUp() override { session_.OnBuffersUsedUp(); }
  void OnWritable() override { session_.OnWritable(); }
  void OnClosed(websocket::CloseCode, std::string_view) override { session_.OnTransportClosed(); }

 private:
  // A task that ends after the loop has stopped may be the last to hold a session: the loop then ends after
  // all that the session refers to, and must find it gone.
  struct Ending final : net::Retirable {
    explicit Ending(WebsocketSession& ended) : session(&ended) {}
    ~Ending() override { delete session; }
    WebsocketSession* session;
  };

  const websocket::Opcode message_kind_;
  websocket::Connection connection_;
  Session session_;
  Ending* ending_ = nullptr;  // not null: retired
};

class WebsocketEndpoint final : public http::TakeoverHandler {
 public:
  explicit WebsocketEndpoint(Context& context) : context_(context) {}
  ~WebsocketEndpoint() override {
    while (sessions_.front()) delete sessions_.front();
  }

  bool idle() const override { return sessions_.empty(); }

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view rest) override {
    const SessionSettings& settings = *context_.settings;
    if (context_.draining) {
      http::Response response = http::Response::Text(503, "shutting down: connect to another node\n");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    auto handshake =
        websocket::AcceptHandshake(request, {.subprotocols = kSubprotocols,
                                             .deflate = settings.websocket.compression,
                                             .allowed_origins = settings.client.allowed_origins});
    if (!handshake) return Refused(request, std::move(handshake).error());
    SessionForm form;
    if (WantsProtobuf(request, handshake->subprotocol)) form.encoding = protocol::Encoding::kProtobuf;
    form.compressed = handshake->deflate.has_value();
    form.native_ping = request.QueryParameter("cf_ws_frame_ping_pong") == "true";
    std::unique_ptr<websocket::MessageInflater> inflater;
    if (handshake->deflate) inflater = websocket::MessageInflater::Make(*handshake->deflate);
    UpdateOptions(settings.websocket);
    stream->Queue(handshake->response);
    // Owns itself from here: the session retires it when both are over.
    auto* const session =
        new WebsocketSession(context_, sessions_, std::move(stream), *options_, std::move(inflater), form);
    session->Start(rest);
    return std::nullopt;
  }

 private:
  // A refused origin is told apart from the rest: only the operator can let it in.
  http::Response Refused(const http::Request& request, http::Response response) {
    if (response.status != kForbidden) return response;
    const std::string_view origin = CutUtf8(request.Header("Origin").value_or(""), kOriginBytesMax);
    response.body = fmt::format(
        "the origin \"{}\" is not allowed; the server's setting client.allowed_origins lists those that "
        "are\n",
        origin);
    context_.metrics.refusals[static_cast<std::size_t>(RefusalReason::kOrigin)]->Add();
    if (const auto suppressed = refusals_.Count(context_.loop.clock().Now())) {
      log::Warn("session.origin_refused", {{"origin", origin},
                                           {"host", request.Header("Host").value_or("")},
                                           {"address", request.peer.ToString()},
                                           {"setting", "client.allowed_origins"},
                                           {"suppressed", *suppressed}});
    }
    return response;
  }

  // Connections refer to the options they began with; a reload makes new ones and keeps the old.
  void UpdateOptions(const WebsocketSettings& settings) {
    const websocket::FrameLimits limits{.message_bytes_max = settings.message_size_limit,
                                        .fragments_max = settings.fragments_max,
                                        .buffers = context_.buffers};
    if (options_ && options_->limits.message_bytes_max == limits.message_bytes_max &&
        options_->limits.fragments_max == limits.fragments_max) {
      return;
    }
    if (options_) former_options_.push_back(std::move(options_));
    options_ = std::make_unique<websocket::ConnectionOptions>(websocket::ConnectionOptions{.limits = limits});
  }

  Context& context_;
  SessionList sessions_;
  log::LogLimit refusals_;  // of origins
  std::unique_ptr<websocket::ConnectionOptions> options_;
  std::vector<std::unique_ptr<websocket::ConnectionOptions>> former_options_;
};

}  // namespace

std::shared_ptr<http::TakeoverHandler> MakeWebsocketEndpoint(Context& context) {
  return std::make_shared<WebsocketEndpoint>(context);
}

}  // namespace tidemill::session
