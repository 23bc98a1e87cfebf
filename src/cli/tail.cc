#include "cli/tail.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/random.h"
#include "cli/connect_to.h"
#include "cli/dev_keys.h"
#include "cli/end_signals.h"
#include "cli/endpoint.h"
#include "cli/next_step.h"
#include "cli/on_loop.h"
#include "cli/settings.h"
#include "cli/tail_session.h"
#include "net/sleep.h"
#include "net/stream.h"
#include "settings/settings.h"
#include "websocket/client.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string channel;
  std::string url;
  std::string token;               // connection token; "": anonymous
  std::string subscription_token;  // for channels that need one
  bool json = false;
};

constexpr Duration kWait = Seconds(10);  // for a connection, and for its handshake
constexpr Duration kGoodbyeWait = Seconds(1);
constexpr std::int64_t kBackOffMinMs = 500;
constexpr std::int64_t kBackOffMaxMs = 20'000;

class Tail {
 public:
  Tail(net::Loop& loop, Endpoint endpoint, std::string path, TailSession::Options options, Io io)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        path_(std::move(path)),
        anonymous_(options.token.empty()),
        session_(std::move(options)),
        io_(io) {}

  // Follows the channel, connection after connection; gives the exit code.
  Task<int> Run() {
    std::int64_t back_off_ms = kBackOffMinMs;
    while (true) {
      const Result<Next> next = co_await Follow();
      client_.reset();
      if (!next) Note(std::exchange(advised_, true) ? next.error().detail : WithNextStep(next.error()));
      if (next && *next == Next::kEnd) co_return End();
      if (!next && next.error().code == Errc::kPermissionDenied) co_return kFailed;
      if (session_.subscribed()) back_off_ms = kBackOffMinMs;
      // All tails of a server that restarts must not come back at once.
      const Duration pause{back_off_ms / 2 + static_cast<std::int64_t>(
                                                 RandomBelow(static_cast<std::uint64_t>(back_off_ms / 2)))};
      Note(fmt::format("trying again in {:.1f} s", static_cast<double>(pause.ms) / 1000));
      co_await net::Sleep(loop_, pause);
      back_off_ms = std::min(back_off_ms * 2, kBackOffMaxMs);
    }
  }

  // Sends a Close, if there is a connection, and stops the loop.
  void Interrupt() {
    if (client_) client_->SendClose(websocket::CloseCode::kNormal);
    loop_.Stop();
  }

 private:
  int End() const {
    if (write_error_ == EPIPE) {  // the reader of the output had enough
      std::clearerr(io_.out);
      return kDone;
    }
    if (write_error_ != 0)
      return Failed(io_, fmt::format("standard output: {}", std::strerror(write_error_)));
    if (anonymous_ && !session_.subscribed()) {
      Note("this was the anonymous user; `tidemill token create --user ID` makes a token for --token");
    }
    return kFailed;
  }

  // One connection, from connecting to its end.
  Task<Result<Next>> Follow() {
    TM_CO_TRY_ASSIGN(std::unique_ptr<net::Stream> stream, co_await ConnectTo(loop_, endpoint_, kWait));
    auto opened = co_await websocket::Client::Open(
        std::move(stream),
        {.host = endpoint_.HostHeader(), .target = path_, .subprotocol = "centrifuge-json"}, kWait);
    if (!opened) {
      co_return Fail(opened.error().code,
                     fmt::format("{}{}: {}", endpoint_.HostHeader(), path_, opened.error().detail));
    }
    client_ = *std::move(opened);
    client_->Send(websocket::Opcode::kText, session_.Begin());
    while (true) {
      TM_CO_TRY_ASSIGN(const websocket::Client::Event event, co_await client_->Next(session_.silence_max()));
      const TailOutcome outcome =
          event.kind == websocket::Client::Event::Kind::kClosed
              ? TailSession::OnClose(static_cast<std::uint16_t>(event.code), event.payload)
              : session_.OnFrame(event.payload);
      if (!Write(outcome)) co_return Next::kEnd;
      if (!outcome.reply.empty()) client_->Send(websocket::Opcode::kText, outcome.reply);
      if (outcome.next == Next::kGoOn) continue;
      client_->SendClose(websocket::CloseCode::kNormal);
      // Waits for the server's Close, or the end of the connection.
      [[maybe_unused]] const auto closed = co_await client_->Next(kGoodbyeWait);
      co_return outcome.next;
    }
  }

  // False when the output cannot be written any more.
  bool Write(const TailOutcome& outcome) {
    for (const std::string& note : outcome.notes) Note(note);
    for (const std::string& line : outcome.lines) {
      std::fwrite(line.data(), 1, line.size(), io_.out);
      std::fputc('\n', io_.out);
    }
    if (std::fflush(io_.out) != 0) write_error_ = errno;
    return write_error_ == 0;
  }

  void Note(std::string_view text) const { PrintError(io_, fmt::format("tidemill: {}\n", text)); }

  net::Loop& loop_;
  const Endpoint endpoint_;
  const std::string path_;
  const bool anonymous_;
  TailSession session_;
  const Io io_;
  std::unique_ptr<websocket::Client> client_;  // of the connection that is open
  bool advised_ = false;                       // WithNextStep was said: it is said once
  int write_error_ = 0;                        // an errno
};

int RunTail(const Options& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const Result<Endpoint> endpoint =
      options.url.empty() ? LocalEndpoint(*settings, Service::kClients) : Endpoint::Parse(options.url);
  if (!endpoint) return Misused(io, fmt::format("--url: {}", endpoint.error().detail));
  // A URL without a path means the path of the settings.
  const std::string path = endpoint->path.empty() ? settings->websocket.handler_prefix : endpoint->path;
  signal(SIGPIPE, SIG_IGN);
  const Result<std::unique_ptr<net::Loop>> loop = net::Loop::Open({});
  if (!loop) return Failed(io, loop.error().detail);
  Tail tail(**loop, *endpoint, path,
            {.channel = options.channel,
             .token = ClientToken(options.token, *settings, *endpoint),
             .subscription_token = options.subscription_token,
             .json = options.json},
            io);
  EndSignals signals(**loop, [&tail] { tail.Interrupt(); });
  if (const Result<void> started = signals.Start(); !started) return Failed(io, started.error().detail);
  return RunOnLoop(**loop, tail.Run()).value_or(kDone);  // interrupted: done
}

}  // namespace

CommandSpec TailCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "tail",
      .help = "Follows a channel as a client, across reconnects",
      .examples =
          "  tidemill tail demo:chat\n"
          "  tidemill tail demo:chat --token \"$(tidemill token create --user 42)\"\n"
          "  tidemill tail demo:chat --json --url ws://127.0.0.1:8000\n",
      .parameters =
          {
              {"CHANNEL", &options->channel, "The channel"},
              {"--json", &options->json, "Prints each publication as one line of JSON"},
              {"--url", &options->url, "The server, ws://host:port; else where the settings listen"},
              {"--token", &options->token,
               "Connection token; else a `serve --dev` here gives one, or the user is anonymous"},
              {"--subscription-token", &options->subscription_token, "For channels that need one"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return RunTail(*options, io); },
  };
}

}  // namespace tidemill::cli
