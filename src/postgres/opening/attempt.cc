#include "postgres/opening/attempt.h"

#include <openssl/crypto.h>

#include <utility>

#include "net/async.h"
#include "net/connect.h"
#include "net/until.h"
#include "postgres/opening/conversation.h"
#include "postgres/opening/question.h"
#include "postgres/opening/session_target.h"
#include "postgres/opening/shuffle.h"
#include "postgres/opening/startup.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using ConfigPtr = std::shared_ptr<const OpenConfig>;

Task<ScramKeys> DeriveOffLoop(net::Loop& loop, ScramChallenge challenge) {
  const auto work = std::make_shared<std::pair<ScramChallenge, ScramKeys>>(std::move(challenge), ScramKeys{});
  co_await net::RunBlocking(loop, [work] {
    work->second = DeriveScramKeys(work->first);
    OPENSSL_thread_stop();  // what OpenSSL keeps for this thread; at the process' end nobody would free it
  });
  co_return work->second;
}

LoginOptions LoginFor(const OpenConfig& config, const Server& server, const net::Stream& stream) {
  const Address& address = config.options.address;
  const Transport transport = server.is_unix()  ? Transport::kUnix
                              : stream.is_tls() ? Transport::kTls
                                                : Transport::kPlain;
  return {.user = address.user,
          .password = address.PasswordFor(server),
          .why_no_password = address.password_file_problem,
          .methods = address.methods,
          .channel_binding = address.channel_binding,
          .transport = transport,
          .end_point = stream.ServerEndPoint()};
}

StartupParameters ParametersFor(const OpenConfig& config, Purpose purpose) {
  const Address& address = config.options.address;
  StartupParameters parameters{
      {"user", address.user},
      {"database", address.database},
      {"application_name",
       address.application_name.empty() ? config.options.application_name : address.application_name},
      {"client_encoding", "UTF8"}};
  if (!address.options.empty()) parameters.emplace_back("options", address.options);
  if (purpose == Purpose::kReplication) parameters.emplace_back("replication", "database");
  parameters.insert(parameters.end(), config.options.parameters.begin(), config.options.parameters.end());
  return parameters;
}

Task<sql::Result<void>> LogIn(net::Loop& loop, const OpenConfig& config, Conversation& conversation,
                              const Server& server, Want want, OpenedSession& session) {
  Startup startup(LoginFor(config, server, conversation.stream()));
  conversation.Send(BuildStartupMessage(ParametersFor(config, want.purpose)));
  for (;;) {
    TM_CO_TRY_ASSIGN(const Conversation::Received received, co_await conversation.Next());
    TM_CO_TRY_ASSIGN(Startup::Step step, startup.OnMessage({.type = received.type, .body = received.body}));
    if (std::holds_alternative<Startup::Ready>(step)) break;
    if (const auto* const send = std::get_if<Startup::Send>(&step)) conversation.Send(send->message);
    if (auto* const derive = std::get_if<Startup::Derive>(&step)) {
      const ScramKeys keys = co_await DeriveOffLoop(loop, std::move(derive->challenge));
      conversation.Send(startup.OnKeys(keys).message);
    }
  }
  session.key = startup.TakeKey();
  session.parameters = startup.TakeParameters();
  if (const auto version = session.parameters.find("server_version"); version != session.parameters.end()) {
    session.version = ParseServerVersion(version->second);
  }
  const auto standby = session.parameters.find("in_hot_standby");
  session.is_standby = standby != session.parameters.end() && standby->second == "on";
  co_return sql::Result<void>();
}

Task<sql::Result<void>> CheckTarget(Conversation& conversation, SessionTarget target,
                                    OpenedSession& session) {
  const std::string_view question = QuestionFor(target, session.parameters);
  std::string answer;
  if (!question.empty()) {
    TM_CO_TRY_ASSIGN(const std::vector<std::string> row,
                     co_await AskForRow(conversation, std::string(question)));
    answer = row[0];
  }
  if (answer == "t") session.is_standby = true;
  if (auto why = WhyNot(target, session.parameters, answer)) {
    co_return sql::Fail(FailureKind::kUnavailable, *std::move(why));
  }
  co_return sql::Result<void>();
}

Task<Result<Tried>> Try(net::Loop& loop, ConfigPtr config, Server server, Attempt attempt, Want want,
                        MonotonicTime deadline, std::shared_ptr<Progress> progress) {
  Tried tried{.was_tls = attempt != Attempt::kPlain};
  auto stream = co_await ConnectTo(loop, config, server, attempt, deadline, progress);
  if (!stream) {
    tried.session = std::unexpected(std::move(stream.error()));
    co_return tried;
  }
  tried.was_tls = (*stream)->is_tls();
  Conversation conversation(*std::move(stream));
  progress->doing = "logging in";
  OpenedSession session{.server = server, .address = server.ToString()};
  auto done = CheckTls(*config, attempt, conversation.stream());
  if (done) done = co_await LogIn(loop, *config, conversation, server, want, session);
  if (done) {
    progress->doing = "asking whether it is what is wanted";
    done = co_await CheckTarget(conversation, want.target, session);
  }
  if (!done) {
    tried.session = std::unexpected(std::move(done.error()));
    co_return tried;
  }
  auto taken = conversation.TakeStream();
  if (!taken) {
    tried.session = std::unexpected(std::move(taken.error()));
    co_return tried;
  }
  session.stream = *std::move(taken);
  tried.session = std::move(session);
  co_return tried;
}

}  // namespace

Task<sql::Result<StreamPtr>> ConnectTo(net::Loop& loop, ConfigPtr config, Server server, Attempt attempt,
                                       MonotonicTime deadline, std::shared_ptr<Progress> progress) {
  const Address& address = config->options.address;
  net::ConnectOptions options{.server_name = server.host, .keep_alive = address.keep_alive};
  if (attempt != Attempt::kPlain) {
    options.tls = config->tls;
    if (!address.tls.direct) options.tls_request = net::TlsRequest{.request = BuildSslRequest()};
  }
  Result<StreamPtr> stream = nullptr;
  if (server.is_unix()) {
    options.unix_path = server.unix_path();
    options.timeout = deadline - loop.clock().Now();
    stream = co_await net::Connect(loop, std::move(options));
  } else {
    progress->doing = "looking its name up";
    const std::string& name = server.ip.empty() ? server.host : server.ip;
    auto addresses = co_await net::Resolve(loop, name, server.port);
    if (!addresses) co_return sql::Fail(FailureKind::kUnavailable, addresses.error().detail);
    if (address.random_order) Shuffle(*addresses);
    progress->doing = "connecting";
    stream = co_await net::ConnectToAny(loop, *std::move(addresses), deadline, std::move(options));
  }
  if (stream) co_return *std::move(stream);
  const bool late = stream.error().code == Errc::kTimeout;
  co_return sql::Fail(late ? FailureKind::kTimeout : FailureKind::kUnavailable, stream.error().detail);
}

sql::Result<void> CheckTls(const OpenConfig& config, Attempt attempt, const net::Stream& stream) {
  if (attempt != Attempt::kTls) return {};
  if (!stream.is_tls()) {
    return sql::Fail(FailureKind::kUnavailable,
                     "the server does not speak TLS (its setting ssl is off), and sslmode wants it");
  }
  // What answers is to be PostgreSQL and not something else behind the same certificate.
  if (config.options.address.tls.direct && stream.alpn() != "postgresql") {
    return sql::Fail(FailureKind::kUnavailable,
                     "the server does not know TLS without a question before; sslnegotiation=direct needs "
                     "PostgreSQL 17");
  }
  return {};
}

Task<Tried> TryServer(net::Loop& loop, ConfigPtr config, Server server, Attempt attempt, Want want,
                      MonotonicTime deadline) {
  const auto progress = std::make_shared<Progress>();
  auto tried = co_await net::Until(loop, deadline,
                                   Try(loop, config, std::move(server), attempt, want, deadline, progress));
  if (tried) co_return *std::move(tried);
  co_return Tried{
      .session = sql::Fail(FailureKind::kTimeout, std::string("no answer in time while ") + progress->doing)};
}

}  // namespace tidemill::postgres
