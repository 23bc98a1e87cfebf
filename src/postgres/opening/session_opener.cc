#include "postgres/opening/session_opener.h"

#include <optional>

#include "net/next_turn.h"
#include "net/until.h"
#include "postgres/opening/attempt.h"
#include "postgres/opening/conversation.h"
#include "postgres/opening/shuffle.h"
#include "postgres/opening/tls_policy.h"
#include "postgres/protocol/frontend.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using ConfigPtr = std::shared_ptr<const OpenConfig>;

Task<sql::Result<OpenedSession>> OnServer(net::Loop& loop, ConfigPtr config, Server server, Want want,
                                          MonotonicTime deadline) {
  const TlsOptions& tls = config->options.address.tls;
  const Attempt attempt = FirstAttempt(tls, server);
  Tried first = co_await TryServer(loop, config, server, attempt, want, deadline);
  if (first.session) co_return std::move(first.session);
  const auto again = SecondAttempt(tls, server, first.was_tls, first.session.error());
  if (!again) co_return std::move(first.session);
  Tried second = co_await TryServer(loop, config, server, *again, want, deadline);
  if (second.session) co_return std::move(second.session);
  sql::Failure failure = std::move(second.session.error());
  if (failure.message != first.session.error().message) {
    const bool with_tls_first = *again == Attempt::kPlain;
    failure.message = (with_tls_first ? "with TLS: " : "without TLS: ") + first.session.error().message +
                      (with_tls_first ? "; without: " : "; with: ") + failure.message;
  }
  co_return std::unexpected(std::move(failure));
}

Task<sql::Result<OpenedSession>> OnAnyServer(net::Loop& loop, ConfigPtr config, Purpose purpose) {
  const Address& address = config->options.address;
  const MonotonicTime deadline =
      loop.clock().Now() + address.connect_timeout.value_or(config->options.connect_timeout);
  std::vector<Server> servers = address.servers;
  if (address.random_order) Shuffle(servers);
  std::vector<SessionTarget> targets{address.target};
  if (address.target == SessionTarget::kPreferStandby) targets.push_back(SessionTarget::kAny);
  std::size_t attempts_left = servers.size() * targets.size();
  std::string said;
  sql::Failure last;
  for (const SessionTarget target : targets) {
    for (const Server& server : servers) {
      const MonotonicTime now = loop.clock().Now();
      const Duration share = Milliseconds((deadline - now).ms / static_cast<std::int64_t>(attempts_left--));
      auto session = co_await OnServer(loop, config, server, {target, purpose}, now + share);
      if (session) {
        // The answer has come out of the stream, which the caller may not destroy before that returns.
        session->stream->PauseReading();
        co_await net::NextTurn(loop);
        session->stream->ResumeReading();
        co_return session;
      }
      last = std::move(session.error());
      last.message = server.ToString() + ": " + last.message;
      if (last.kind == FailureKind::kUnauthenticated) co_return std::unexpected(std::move(last));
      said += (said.empty() ? "" : "; ") + last.message;
    }
  }
  last.message = std::move(said);
  co_return std::unexpected(std::move(last));
}

Task<Result<sql::Result<void>>> SendCancel(net::Loop& loop, ConfigPtr config, Server server, BackendKey key,
                                           MonotonicTime deadline) {
  const auto progress = std::make_shared<Progress>();
  const TlsOptions& tls = config->options.address.tls;
  const Attempt attempt = FirstAttempt(tls, server);
  auto stream = co_await ConnectTo(loop, config, server, attempt, deadline, progress);
  if (!stream) {
    const auto again = SecondAttempt(tls, server, attempt != Attempt::kPlain, stream.error());
    if (again) stream = co_await ConnectTo(loop, config, server, *again, deadline, progress);
  }
  if (!stream) co_return sql::Result<void>(std::unexpected(std::move(stream.error())));
  Conversation conversation(*std::move(stream));
  if (auto checked = CheckTls(*config, attempt, conversation.stream()); !checked) co_return checked;
  std::string bytes;
  AppendCancelRequest(bytes, key.process_id, key.secret);
  conversation.Send(bytes);
  // The server's end is all that comes.
  while (co_await conversation.Next()) continue;
  co_return sql::Result<void>();
}

Task<sql::Result<void>> CancelInTime(net::Loop& loop, ConfigPtr config, Server server, BackendKey key) {
  if (key.secret.empty()) {
    co_return sql::Fail(FailureKind::kUnavailable, "the server gave no key for a cancel request");
  }
  const MonotonicTime deadline = loop.clock().Now() + config->options.connect_timeout;
  auto sent = co_await net::Until(loop, deadline,
                                  SendCancel(loop, config, std::move(server), std::move(key), deadline));
  if (!sent) co_return sql::Fail(FailureKind::kTimeout, "the cancel request was not taken in time");
  co_return *std::move(sent);
}

}  // namespace

SessionOpener::SessionOpener(std::shared_ptr<const OpenConfig> config) : config_(std::move(config)) {}

Result<std::unique_ptr<const SessionOpener>> SessionOpener::Make(OpenOptions options) {
  TM_TRY_ASSIGN(std::shared_ptr<net::TlsContext> tls, OpenTlsFor(options.address.tls));
  auto config =
      std::make_shared<const OpenConfig>(OpenConfig{.options = std::move(options), .tls = std::move(tls)});
  return std::unique_ptr<const SessionOpener>(new SessionOpener(std::move(config)));
}

const Address& SessionOpener::address() const { return config_->options.address; }

Task<sql::Result<OpenedSession>> SessionOpener::Open(net::Loop& loop, Purpose purpose) const {
  return OnAnyServer(loop, config_, purpose);
}

Task<sql::Result<void>> SessionOpener::Cancel(net::Loop& loop, Server server, BackendKey key) const {
  return CancelInTime(loop, config_, std::move(server), std::move(key));
}

}  // namespace tidemill::postgres
