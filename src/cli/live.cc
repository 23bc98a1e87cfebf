#include "cli/live.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/random.h"
#include "cli/connect_to.h"
#include "cli/dev_keys.h"
#include "cli/endpoint.h"
#include "cli/event_reader.h"
#include "cli/live_view.h"
#include "cli/next_step.h"
#include "cli/on_loop.h"
#include "cli/screen.h"
#include "cli/settings.h"
#include "net/loop.h"
#include "net/reply.h"
#include "net/sleep.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string name;
  std::vector<std::string> parameters;  // "customer=7"
  std::string url;
  std::string token;
  bool json = false;
};

constexpr Duration kWait = Seconds(10);     // for a connection
constexpr Duration kSilence = Seconds(30);  // the server says something more often
constexpr Duration kKeysInterval = Milliseconds(50);
constexpr std::int64_t kBackOffMinMs = 500;
constexpr std::int64_t kBackOffMaxMs = 20'000;
constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kRefusalBytesMax = 64 * 1024;

// One response to a request of HTTP/1.0, whose body ends with the connection: its head, then its events or,
// when it refuses, its body.
class Response final : public net::StreamHandler {
 public:
  using OnEvent = std::function<Result<void>(const StreamEvent&)>;
  Response(net::Loop& loop, std::unique_ptr<net::Stream> stream, OnEvent on_event)
      : loop_(loop), stream_(std::move(stream)), on_event_(std::move(on_event)), ended_(loop) {
    stream_->SetHandler(this);
  }

  // Until the connection ends. An error: what came is not HTTP, or not such a stream.
  Task<Result<void>> Run(std::string request) {
    stream_->Queue(request);
    stream_->ReadNow();
    co_return co_await ended_;
  }
  void Abort(Error error) { End(std::unexpected(std::move(error))); }

  int status() const { return status_; }                // 0: no head came
  const std::string& refusal() const { return body_; }  // of another status than 200
  MonotonicTime heard_at() const { return heard_at_; }

 private:
  void OnData(std::string_view bytes) override {
    heard_at_ = loop_.clock().Now();
    if (over_) return;
    if (status_ == 0) {
      head_.append(bytes);
      const std::size_t end = head_.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (head_.size() > kHeadBytesMax) End(Fail(Errc::kInvalidArgument, "what answers is not HTTP"));
        return;
      }
      const std::string_view line = std::string_view(head_).substr(0, head_.find("\r\n"));
      const std::size_t blank = line.find(' ');
      if (!line.starts_with("HTTP/") || blank == line.npos ||
          std::from_chars(line.data() + blank + 1, line.data() + line.size(), status_).ec != std::errc{}) {
        return End(Fail(Errc::kInvalidArgument, "what answers is not HTTP"));
      }
      is_stream_ = ToLower(head_.substr(0, end)).contains("content-type: text/event-stream");
      const std::string rest = head_.substr(end + 4);
      return Take(rest);
    }
    Take(bytes);
  }
  void OnWritable() override {}
  void OnClosed() override { End({}); }

  void Take(std::string_view bytes) {
    if (status_ != 200 || !is_stream_) {
      body_.append(bytes.substr(0, kRefusalBytesMax - std::min(kRefusalBytesMax, body_.size())));
      return;
    }
    const auto events = reader_.Feed(bytes);
    if (!events) return End(std::unexpected(events.error()));
    for (const StreamEvent& each : *events) {
      if (const Result<void> taken = on_event_(each); !taken) return End(std::unexpected(taken.error()));
    }
  }

  // The stream is not ended inside of its own call.
  void End(Result<void> how) {
    if (std::exchange(over_, true)) return;
    loop_.Post(
        [sender = ended_.sender(), moved = std::move(how)]() mutable { sender.Send(std::move(moved)); });
  }

  net::Loop& loop_;
  const std::unique_ptr<net::Stream> stream_;
  const OnEvent on_event_;
  net::Reply<Result<void>> ended_;
  MonotonicTime heard_at_ = loop_.clock().Now();
  std::string head_;
  std::string body_;
  int status_ = 0;
  bool is_stream_ = false;
  bool over_ = false;
  EventReader reader_;
};

// What to do about a refusal; "": nothing is known.
std::string_view StepAfter(int status) {
  switch (status) {
    case 401: return "; --token gives one, `tidemill token create --user ID` makes it";
    case 403: return "; --token gives another user's token";
    case 404: return "; `tidemill queries list` shows the endpoints";
    case 406: return "; its file needs @live: see `tidemill queries check`";
    default: return "";
  }
}

std::string MessageOf(std::string_view body) {
  std::string message;
  JsonReader json(body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "message" && json.Peek() == JsonReader::Kind::kString) message = json.ReadString();
  }
  return json.Finish() ? message : "";
}

class Live {
 public:
  Live(net::Loop& loop, Endpoint endpoint, std::string target, std::string token, bool json, Io io)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        target_(std::move(target)),
        token_(std::move(token)),
        json_(json),
        io_(io),
        view_(target_),
        screen_(std::make_unique<Screen>(io, json ? Screen::Mode::kAppended : Screen::Mode::kInPlace)),
        draws_in_place_(!json && isatty(fileno(io.out)) == 1) {}

  // Connection after connection; gives the exit code.
  Task<int> Run() {
    keys_.Spawn(WatchKeys(*this));
    std::int64_t back_off_ms = kBackOffMinMs;
    while (true) {
      const Result<void> followed = co_await Follow();
      if (write_failed_) co_return kDone;  // the reader of the output had enough
      if (followed) back_off_ms = kBackOffMinMs;
      if (!followed && followed.error().code == Errc::kPermissionDenied) {
        screen_.reset();
        co_return Failed(io_, followed.error().detail);
      }
      const Duration pause{back_off_ms / 2 + static_cast<std::int64_t>(
                                                 RandomBelow(static_cast<std::uint64_t>(back_off_ms / 2)))};
      const std::string why = followed ? why_ended_ : WithNextStep(followed.error());
      Note(fmt::format("{}; trying again in {:.1f} s", why, static_cast<double>(pause.ms) / 1000));
      co_await net::Sleep(loop_, pause);
      back_off_ms = std::min(back_off_ms * 2, kBackOffMaxMs);
    }
  }

 private:
  // Until somebody wants it to end; also looks whether the server is silent.
  static Task<void> WatchKeys(Live& self) {
    while (self.screen_ && self.screen_->Wait(Duration{})) {
      if (self.response_ && self.loop_.clock().Now() - self.response_->heard_at() > kSilence) {
        self.response_->Abort({Errc::kTimeout, "the server has said nothing for 30 s"});
      }
      co_await net::Sleep(self.loop_, kKeysInterval);
    }
    self.loop_.Stop();
  }

  std::string RequestText() const {
    std::string text = fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nAccept: text/event-stream\r\n", target_,
                                   endpoint_.HostHeader());
    if (!token_.empty()) text += "Authorization: Bearer " + token_ + "\r\n";
    if (!last_id_.empty()) text += "Last-Event-ID: " + last_id_ + "\r\n";
    return text + "\r\n";
  }

  // One connection. kPermissionDenied: to try again is of no use.
  Task<Result<void>> Follow() {
    why_ended_ = "the connection ended";
    TM_CO_TRY_ASSIGN(std::unique_ptr<net::Stream> stream, co_await ConnectTo(loop_, endpoint_, kWait));
    response_ = std::make_unique<Response>(loop_, std::move(stream),
                                           [this](const StreamEvent& event) { return OnEvent(event); });
    const Result<void> ended = co_await response_->Run(RequestText());
    const std::unique_ptr<Response> response = std::move(response_);
    if (!ended) co_return ended;
    const int status = response->status();
    if (status == 0) co_return Fail(Errc::kUnavailable, "the connection ended without an answer");
    if (refused_) co_return Fail(Errc::kPermissionDenied, why_ended_);
    if (status == 200 && !response->refusal().empty()) {
      co_return Fail(Errc::kPermissionDenied, fmt::format("{}{} is no live query: its file needs @live",
                                                          endpoint_.HostHeader(), target_));
    }
    if (status == 200) co_return Result<void>();
    const std::string message = MessageOf(response->refusal());
    co_return Fail(
        status == 503 || status == 429 ? Errc::kUnavailable : Errc::kPermissionDenied,
        fmt::format("{}{}: {} {}{}", endpoint_.HostHeader(), target_, status, message, StepAfter(status)));
  }

  // kInvalidArgument: it is no event of a live query; kCancelled: the output is gone.
  Result<void> OnEvent(const StreamEvent& event) {
    if (!event.id.empty()) last_id_ = event.id;
    if (event.name == "end") {
      const std::string message = MessageOf(event.data);
      why_ended_ = message.empty() ? "the server ended it" : message;
      refused_ = event.data.contains("\"token_") || event.data.contains("\"refused\"");
    }
    if (json_) return Show(EventLine(event));
    TM_TRY(view_.Apply(event));
    if (event.name == "end") return {};
    return Show(Picture());
  }

  // One after the other they need a line between.
  std::string Picture() const { return view_.ToText() + (draws_in_place_ ? "" : "\n"); }

  Result<void> Show(const std::string& text) {
    if (screen_->Show(text)) return {};
    write_failed_ = true;
    return Fail(Errc::kCancelled, "the output is gone");
  }

  void Note(const std::string& text) {
    if (!draws_in_place_) return PrintError(io_, fmt::format("tidemill: {}\n", text));
    view_.SetState(text);
    screen_->Show(Picture());
  }

  net::Loop& loop_;
  const Endpoint endpoint_;
  const std::string target_;
  const std::string token_;
  const bool json_;
  const Io io_;
  LiveView view_;
  std::unique_ptr<Screen> screen_;
  const bool draws_in_place_;
  std::unique_ptr<Response> response_;  // of the connection that is open
  std::string last_id_;
  std::string why_ended_;
  bool refused_ = false;
  bool write_failed_ = false;
  TaskScope keys_;
};

void AppendEncoded(std::string_view text, std::string_view unchanged, std::string& out) {
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || unchanged.contains(c)) {
      out += c;
    } else {
      AppendPercentEncoded(c, out);
    }
  }
}

// "/rest/orders?customer=7". kInvalidArgument: a parameter has no '='.
Result<std::string> TargetOf(const Options& options, const std::string& prefix) {
  std::string target = prefix + (options.name.starts_with('/') ? "" : "/");
  AppendEncoded(options.name, "/-._~%", target);
  char before = '?';
  for (const std::string& each : options.parameters) {
    const std::size_t equals = each.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(Errc::kInvalidArgument, fmt::format("--param: \"{}\" is not NAME=VALUE", each));
    }
    target += std::exchange(before, '&');
    AppendEncoded(std::string_view(each).substr(0, equals), "-._~", target);
    target += '=';
    AppendEncoded(std::string_view(each).substr(equals + 1), "-._~", target);
  }
  return target;
}

int RunLive(const Options& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const Result<Endpoint> endpoint =
      options.url.empty() ? LocalEndpoint(*settings, Service::kClients) : Endpoint::Parse(options.url);
  if (!endpoint) return Misused(io, fmt::format("--url: {}", endpoint.error().detail));
  const Result<std::string> target = TargetOf(options, endpoint->path + settings->queries.prefix);
  if (!target) return Misused(io, target.error().detail);
  signal(SIGPIPE, SIG_IGN);
  const Result<std::unique_ptr<net::Loop>> loop = net::Loop::Open({});
  if (!loop) return Failed(io, loop.error().detail);
  Live live(**loop, *endpoint, *target, ClientToken(options.token, *settings, *endpoint), options.json, io);
  return RunOnLoop(**loop, live.Run()).value_or(kDone);  // somebody wanted it to end
}

}  // namespace

CommandSpec LiveCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "live",
      .help = "Follows a live query and shows its result, in place; q ends it",
      .examples =
          "  tidemill live orders --param customer=7\n"
          "  tidemill live orders/mine --token \"$(tidemill token create --user 42)\"\n"
          "  tidemill live orders --json\n",
      .parameters =
          {
              {"NAME", &options->name, "The endpoint, by the path of its file: orders/mine"},
              {"--param", &options->parameters, "NAME=VALUE, a parameter; may be given several times"},
              {"--json", &options->json, "Prints each event as one line of JSON"},
              {"--url", &options->url, "The server, http://host:port; else where the settings listen"},
              {"--token", &options->token,
               "Connection token; else a `serve --dev` here gives one, or the user is anonymous"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return RunLive(*options, io); },
  };
}

}  // namespace tidemill::cli
