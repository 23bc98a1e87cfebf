#include "realtime/session/transports/http_streams.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/handler.h"
#include "realtime/protocol/codec.h"
#include "realtime/session/transports/emulation.h"
#include "realtime/session/transports/entry_check.h"
#include "realtime/session/transports/streamed_session.h"

namespace tidemill::session {
namespace {

constexpr std::string_view kProtobufType = "application/octet-stream";

// What holds for one of the transports.
struct StreamKind {
  const HttpStreamSettings SessionSettings::* settings;
  hub::Framing framing;
  protocol::Direction direction;
  std::string_view content_type;
};

constexpr std::string_view kEventsType = "text/event-stream; charset=utf-8";
constexpr std::string_view kLinesType = "text/plain; charset=utf-8";

constexpr StreamKind kSse{&SessionSettings::sse, hub::Framing::kEventStream,
                          protocol::Direction::kBidirectional, kEventsType};
constexpr StreamKind kHttpStream{&SessionSettings::http_stream, hub::Framing::kLines,
                                 protocol::Direction::kBidirectional, kLinesType};
constexpr StreamKind kUniSse{&SessionSettings::uni_sse, hub::Framing::kEventStream,
                             protocol::Direction::kUnidirectional, kEventsType};
constexpr StreamKind kUniHttpStream{&SessionSettings::uni_http_stream, hub::Framing::kLines,
                                    protocol::Direction::kUnidirectional, kLinesType};

class StreamEndpoint final : public http::TakeoverHandler {
 public:
  StreamEndpoint(Context& context, const StreamKind& kind)
      : context_(context), kind_(kind), entry_(context) {}

  bool idle() const override { return sessions_.empty(); }
  std::size_t body_bytes_max() const override {
    return ((*context_.settings).*kind_.settings).max_request_body_size;
  }

  std::optional<http::Response> TakeOver(const http::Request& request, std::unique_ptr<net::Stream>& stream,
                                         std::string_view, http::HeadWriter& head) override {
    if (auto refusal = entry_.RefusalOf(request)) return refusal;
    const std::string text = TextOf(request);
    return listens() ? Listen(request, text, stream, head) : Converse(request, text, stream, head);
  }

 private:
  bool listens() const { return kind_.direction == protocol::Direction::kUnidirectional; }

  // What the client connects with.
  static std::string TextOf(const http::Request& request) {
    if (request.method == http::Method::kPost) return std::string(request.body);
    return request.QueryParameter("cf_connect").value_or("");
  }

  std::optional<http::Response> Converse(const http::Request& request, std::string_view commands,
                                         std::unique_ptr<net::Stream>& stream, http::HeadWriter& head) {
    if (commands.empty()) {
      return http::Response::Text(400, "no commands: send connect in the parameter cf_connect or the body\n");
    }
    SessionForm form{.framing = kind_.framing};
    const bool binary =
        kind_.framing == hub::Framing::kLines && request.Header("Content-Type").value_or("") == kProtobufType;
    if (binary) form = {.encoding = protocol::Encoding::kProtobuf, .framing = hub::Framing::kDelimited};
    stream->Queue(HeadFor(request, binary ? kProtobufType : kind_.content_type, head));
    Begin(request, std::move(stream), form, nullptr, commands);
    return std::nullopt;
  }

  std::optional<http::Response> Listen(const http::Request& request, std::string_view json,
                                       std::unique_ptr<net::Stream>& stream, http::HeadWriter& head) {
    const bool by_url = request.method == http::Method::kGet;
    auto connect = protocol::ReadConnectRequest(by_url && json.empty() ? "{}" : json);
    if (!connect) {
      return http::Response::Text(400, "not a connect request: " + connect.error().detail + "\n");
    }
    const HttpStreamSettings& settings = (*context_.settings).*kind_.settings;
    std::unique_ptr<HeldHead> held;
    std::string text = HeadFor(request, kind_.content_type, head);
    if (settings.connect_codes_as_statuses) {
      held = std::make_unique<HeldHead>(HeldHead{.head = std::move(text),
                                                 .content_type = std::string(kind_.content_type),
                                                 .statuses = settings.connect_statuses});
    } else {
      stream->Queue(text);
    }
    Begin(request, std::move(stream), {.framing = kind_.framing, .direction = kind_.direction},
          std::move(held), *std::move(connect));
    return std::nullopt;
  }

  template <class First>
  void Begin(const http::Request& request, std::unique_ptr<net::Stream> stream, SessionForm form,
             std::unique_ptr<HeldHead> held, First first) {
    // Owns itself from here: the session retires it when both are over.
    auto* const session = new StreamedSession(context_, sessions_, std::move(stream), form, std::move(held));
    session->KeepHeaders(request);
    session->Start(std::move(first));
  }

  static std::string HeadFor(const http::Request& request, std::string_view content_type,
                             http::HeadWriter& head) {
    std::string text;
    head.AppendHead(request,
                    {.headers = {{"Content-Type", std::string(content_type)},
                                 {"Cache-Control", "private, no-cache, no-store, must-revalidate, max-age=0"},
                                 {"Pragma", "no-cache"},
                                 {"X-Accel-Buffering", "no"}}},
                    text);
    return text;
  }

  Context& context_;
  const StreamKind& kind_;
  EntryCheck entry_;
  StreamedSession::List sessions_;
};

}  // namespace

void AddHttpStreamRoutes(Context& context, http::Router& router) {
  const SessionSettings& settings = *context.settings;
  for (const StreamKind* const kind : {&kSse, &kHttpStream, &kUniSse, &kUniHttpStream}) {
    const HttpStreamSettings& own = settings.*kind->settings;
    if (!own.enabled) continue;
    const auto endpoint = std::make_shared<StreamEndpoint>(context, *kind);
    router.AddTakeover(http::Method::kPost, own.handler_prefix, endpoint);
    // Browsers open event streams with GET.
    if (kind->framing == hub::Framing::kEventStream) {
      router.AddTakeover(http::Method::kGet, own.handler_prefix, endpoint);
    }
  }
  if (settings.sse.enabled || settings.http_stream.enabled) {
    router.Add(http::Method::kPost, settings.emulation.handler_prefix, MakeEmulationHandler(context));
  }
}

}  // namespace tidemill::session
