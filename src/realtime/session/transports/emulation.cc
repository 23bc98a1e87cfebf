#include "realtime/session/transports/emulation.h"

#include <optional>
#include <utility>

#include "realtime/protocol/codec.h"
#include "realtime/session/session_secret.h"
#include "realtime/session/transports/entry_check.h"

namespace tidemill::session {
namespace {

class EmulationHandler final : public http::Handler {
 public:
  explicit EmulationHandler(Context& context) : context_(context), entry_(context) {}

  std::size_t body_bytes_max() const override { return context_.settings->emulation.max_request_body_size; }
  std::optional<http::Response> Admit(const http::Request& request) override {
    return entry_.OfOrigin(request);
  }

  // A client that hangs up meanwhile loses the answer only: the frame is on its way by then.
  Task<http::Response> Handle(const http::Request& request) override {
    const bool binary = request.Header("Content-Type").value_or("") == "application/octet-stream";
    const auto encoding = binary ? protocol::Encoding::kProtobuf : protocol::Encoding::kJson;
    auto read = protocol::ReadEmulationRequest(encoding, request.body);
    if (!read) {
      context_.metrics.emulation_malformed.Add();
      co_return http::Response::Text(400, "not a request of emulation: " + read.error().detail + "\n");
    }
    // Not asked of another node: commands between nodes are few and dear.
    if (!ParseSessionSecret(read->session)) co_return AnswerTo(Fail(Errc::kNotFound, "no such session"));
    if (read->node.empty()) read->node = context_.settings->node_id;
    control::Target target;
    target.session = std::move(read->session);
    target.node = std::move(read->node);
    const Result<void> done =
        co_await context_.directory->Apply(std::move(target), control::Deliver{std::move(read->data)});
    co_return AnswerTo(done);
  }

 private:
  http::Response AnswerTo(const Result<void>& done) const {
    SessionMetrics& metrics = context_.metrics;
    if (done) {
      metrics.emulated.Add();
      return {.status = 204};
    }
    const auto refuse = [&done](metrics::Counter& counter, int status) {
      counter.Add();
      return http::Response::Text(status, done.error().detail + "\n");
    };
    switch (done.error().code) {
      case Errc::kNotFound: return refuse(metrics.emulation_no_session, 404);
      case Errc::kPermissionDenied: return refuse(metrics.emulation_refused, 403);
      case Errc::kLimitExceeded: return refuse(metrics.emulation_refused, 429);
      default: return refuse(metrics.emulation_failed, 503);
    }
  }

  Context& context_;
  EntryCheck entry_;
};

}  // namespace

std::shared_ptr<http::Handler> MakeEmulationHandler(Context& context) {
  return std::make_shared<EmulationHandler>(context);
}

}  // namespace tidemill::session
