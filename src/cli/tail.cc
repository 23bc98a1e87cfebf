#include "cli/tail.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/random.h"
#include "cli/endpoint.h"
#include "cli/settings.h"
#include "cli/tail_session.h"
#include "cli/websocket_client.h"

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

constexpr std::int64_t kBackOffMinMs = 500;
constexpr std::int64_t kBackOffMaxMs = 20'000;

// Ctrl-C and SIGTERM as a readable descriptor, while it lives.
class Interrupt {
 public:
  Interrupt() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals_, &before_);
    fd_ = signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~Interrupt() {
    signalfd_siginfo taken;
    while (read(fd_, &taken, sizeof taken) > 0) continue;
    close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int fd() const { return fd_; }
  // Whether the time passed undisturbed.
  bool Sleep(Duration duration) const {
    pollfd polled{fd_, POLLIN, 0};
    return poll(&polled, 1, static_cast<int>(duration.ms)) == 0;
  }

 private:
  sigset_t signals_;
  sigset_t before_;
  int fd_ = -1;
};

class Tail {
 public:
  Tail(TailSession::Options options, Endpoint endpoint, std::string path, Io io)
      : anonymous_(options.token.empty()),
        session_(std::move(options)),
        endpoint_(std::move(endpoint)),
        path_(std::move(path)),
        io_(io) {}

  int Run() {
    std::int64_t back_off_ms = kBackOffMinMs;
    while (true) {
      const Result<Next> next = Connect();
      if (!next && next.error().code == Errc::kCancelled) return kDone;
      if (!next) Note(next.error().detail);
      if (next && *next == Next::kEnd) return End();
      if (!next && next.error().code == Errc::kPermissionDenied) return kFailed;
      if (session_.subscribed()) back_off_ms = kBackOffMinMs;
      // All tails of a server that restarts must not come back at once.
      const Duration pause{back_off_ms / 2 + static_cast<std::int64_t>(
                                                 RandomBelow(static_cast<std::uint64_t>(back_off_ms / 2)))};
      Note(fmt::format("trying again in {:.1f} s", static_cast<double>(pause.ms) / 1000));
      if (!interrupt_.Sleep(pause)) return kDone;
      back_off_ms = std::min(back_off_ms * 2, kBackOffMaxMs);
    }
  }

 private:
  int End() const {
    if (!written_) return kDone;  // whoever read the output has seen enough
    if (anonymous_ && !session_.subscribed()) {
      Note("this was the anonymous user; `tidemill token create --user ID` makes a token for --token");
    }
    return kFailed;
  }

  // One connection, from its beginning to its end.
  Result<Next> Connect() {
    TM_TRY_ASSIGN(const std::unique_ptr<WebsocketClient> client,
                  WebsocketClient::Open(endpoint_, path_, {.cancel_fd = interrupt_.fd()}));
    TM_TRY(client->SendText(session_.Begin()));
    while (true) {
      const Result<ServerFrames::Event> event = client->Next(session_.silence_max());
      if (!event && event.error().code == Errc::kCancelled) client->SendClose();
      if (!event) return std::unexpected(event.error());
      const TailOutcome outcome = event->kind == ServerFrames::Event::Kind::kClose
                                      ? TailSession::OnClose(event->code, event->payload)
                                      : session_.OnFrame(event->payload);
      if (!Write(outcome)) return Next::kEnd;
      if (!outcome.reply.empty()) TM_TRY(client->SendText(outcome.reply));
      if (outcome.next == Next::kGoOn) continue;
      client->SendClose();
      return outcome.next;
    }
  }

  // False when nobody reads the output any more.
  bool Write(const TailOutcome& outcome) {
    for (const std::string& note : outcome.notes) Note(note);
    for (const std::string& line : outcome.lines) {
      std::fwrite(line.data(), 1, line.size(), io_.out);
      std::fputc('\n', io_.out);
    }
    written_ = std::fflush(io_.out) == 0;
    return written_;
  }

  void Note(std::string_view text) const { fmt::print(io_.err, "tidemill: {}\n", text); }

  const bool anonymous_;
  TailSession session_;
  const Endpoint endpoint_;
  const std::string path_;
  const Io io_;
  const Interrupt interrupt_;
  bool written_ = true;
};

int RunTail(const Options& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const Result<Endpoint> endpoint =
      options.url.empty() ? LocalEndpoint(*settings, Service::kClients) : Endpoint::Parse(options.url);
  if (!endpoint) return Misused(io, fmt::format("--url: {}", endpoint.error().detail));
  // A bare address means the usual path; a path means itself.
  const std::string path = endpoint->path.empty() ? settings->websocket.handler_prefix : endpoint->path;
  signal(SIGPIPE, SIG_IGN);
  Tail tail({.channel = options.channel,
             .token = options.token,
             .subscription_token = options.subscription_token,
             .json = options.json},
            *endpoint, path, io);
  return tail.Run();
}

}  // namespace

CommandSpec TailCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "tail",
      .help = "Follows a channel as a client, across reconnects",
      .examples =
          "  tidemill tail news --token \"$(tidemill token create --user 42)\"\n"
          "  tidemill tail news --json --url wss://rt.example.com | jq .data\n",
      .parameters =
          {
              {"CHANNEL", &options->channel, "The channel"},
              {"--json", &options->json, "Prints each publication as one line of JSON"},
              {"--url", &options->url, "The server, ws://host:port; else where the settings listen"},
              {"--token", &options->token, "Connection token; without one, the anonymous user"},
              {"--subscription-token", &options->subscription_token, "For channels that need one"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return RunTail(*options, io); },
  };
}

}  // namespace tidemill::cli
