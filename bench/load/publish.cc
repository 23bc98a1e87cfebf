// HTTP publications over keep-alive connections, each waiting for its answer; to channels that nobody hears,
// or that have one subscriber each.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/messages.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr int kCallers = 16;
constexpr std::size_t kChannels = 1000;
constexpr std::int64_t kDrainMax = 5'000'000'000;
constexpr double kWarmUpSeconds = 0.5;

struct Calls {
  const Options& options;
  Messages messages;
  bool running = true;
  std::int64_t count = 0;
  std::vector<float> times_us;
};

// One keep-alive connection.
class Caller {
 public:
  Caller(Calls& calls, Crowd& crowd, int number) : calls_(calls), fd_(Connect(calls.options.port, number)) {
    crowd.Watch(fd_, [this] { Answered(); });
    Call();
  }
  ~Caller() { close(fd_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  bool waiting() const { return waiting_; }
  void Call() {
    sent_ns_ = Now();
    const std::int64_t number = calls_.count++;
    const std::string channel = OwnChannel(static_cast<std::size_t>(number) % kChannels);
    std::string body = R"({"channel":")" + channel + R"(","data":)";
    body += calls_.messages.Data({.number = number, .time_ns = sent_ns_});
    body += '}';
    SendAll(fd_,
            "POST /api/publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-API-Key: " +
                calls_.options.api_key + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                body);
    waiting_ = true;
  }

 private:
  void Answered() {
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) Die("the server closed a connection of the API");
    answer_.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const char* const length = strcasestr(answer_.c_str(), "\r\nContent-Length:");
    if (length == nullptr) Die("no Content-Length: " + answer_);
    if (answer_.size() < end + 4 + std::strtoul(length + 17, nullptr, 10)) return;
    if (!answer_.starts_with("HTTP/1.1 200") || !answer_.contains("\"result\""))
      Die("publish refused: " + answer_);
    answer_.clear();
    waiting_ = false;
    calls_.times_us.push_back(static_cast<float>(Now() - sent_ns_) / 1e3F);
    if (calls_.running) Call();
  }

  Calls& calls_;
  const int fd_;
  std::int64_t sent_ns_ = 0;
  bool waiting_ = false;
  std::string answer_;
};

void RunFor(Crowd& crowd, double seconds) {
  const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
  while (Now() < end) crowd.Receive(10'000'000);
}

}  // namespace

void RunPublish(const Options& options, Report& report) {
  Calls calls{
      .options = options, .messages = Messages(options.target, options.payload_bytes), .times_us = {}};
  Crowd crowd({.port = options.port,
               .target = options.target,
               .channels = Channels::kOwn,
               .count = options.subscribers,
               .parse_every = 1});
  std::uint64_t heard = 0;
  crowd.on_frame = [&](std::size_t, std::string_view) { ++heard; };
  crowd.Open();
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < kCallers; ++i) callers.push_back(std::make_unique<Caller>(calls, crowd, i));
  RunFor(crowd, kWarmUpSeconds);
  calls.times_us.clear();
  const Stretch stretch(options);
  RunFor(crowd, options.seconds);
  const auto answered = static_cast<double>(calls.times_us.size());
  stretch.AddTo(report, "cpu_us_per_publish", answered);
  report.Add("publishes", answered);
  report.Add("publishes_per_s", answered / stretch.Seconds());
  report.AddTimes("answer", calls.times_us);

  calls.running = false;
  const std::int64_t patience_end = Now() + kDrainMax;
  std::uint64_t expected = 0;
  for (std::int64_t i = 0; i < calls.count; ++i) {
    expected += static_cast<std::size_t>(i) % kChannels < crowd.size() ? 1 : 0;
  }
  const auto busy = [&] {
    for (const auto& caller : callers) {
      if (caller->waiting()) return true;
    }
    return heard < expected;
  };
  while (busy() && Now() < patience_end) crowd.Receive(10'000'000);
  report.Add("deliveries", static_cast<double>(heard));
  if (heard != expected) report.Void("subscribers did not get each publication once");
}

}  // namespace load
