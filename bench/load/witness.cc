// One well-behaved client: publishes to its own channel at fixed times, and notes when both the answer and
// the publication have come. The time counts from the moment a command was meant to be sent.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "load/http_answers.h"
#include "load/protocol.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kPatience = 10'000'000'000;  // for the answers to the last commands
constexpr double kWarmUpSeconds = 0.5;
constexpr std::size_t kFirstId = 10;
constexpr std::string_view kNumber = R"({"n":)";
constexpr std::string_view kChannel = "witness";

class Witness {
 public:
  explicit Witness(const Options& options)
      : protocol_(options.target),
        api_key_(options.api_key),
        begun_ns_(Now()),
        fd_(Connect(options.port, 198)),
        publisher_(options.callers > 0 ? Connect(options.port, 199) : -1) {}
  ~Witness() {
    close(fd_);
    if (publisher_ >= 0) close(publisher_);
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // False if the server does not answer in time.
  bool Open() {
    if (!Await(POLLOUT)) return false;
    if (!Connected(fd_)) Die("the witness cannot connect");
    SendAll(fd_, Handshake(protocol_.path()));
    const std::size_t end = AwaitText("\r\n\r\n");
    if (end == 0) return false;
    if (!unread_.starts_with("HTTP/1.1 101")) Die("no upgrade: " + unread_);
    unread_.erase(0, end);
    for (const Step& step : protocol_.Steps(std::string(kChannel))) {
      std::string frame;
      AppendFrame(step.say, frame);
      SendAll(fd_, frame);
      if (AwaitText(step.answer) == 0) return false;
    }
    while (const std::size_t bytes = TakeFrame(unread_).bytes) unread_.erase(0, bytes);
    opened_us_ = static_cast<double>(Now() - begun_ns_) / 1e3;
    return true;
  }

  // Nothing was answered: all that is known is how long nothing was.
  void AddSilence(Report& report) const {
    const auto waited_us = static_cast<float>(Now() - begun_ns_) / 1e3F;
    std::vector<float> times_us{waited_us};
    report.Add("operations", 1);
    report.Add("unanswered", 1);
    report.Add("refused", 0);
    report.Add("closed", closed_ ? 1 : 0);
    report.AddTimes("witness", times_us);
    report.Add("witness_max_us", static_cast<double>(waited_us));
  }

  // Publishes so many, then waits until all are answered.
  void Run(std::size_t count, double rate_per_s) {
    const auto period = static_cast<std::int64_t>(1e9 / rate_per_s);
    const std::int64_t begun = Now();
    operations_.resize(count);
    late_us_.reserve(count);
    for (std::size_t next = 0; next < count && !closed_;) {
      const std::int64_t due = begun + static_cast<std::int64_t>(next) * period;
      const std::int64_t now = Now();
      if (now < due) {
        Receive(due - now);
        continue;
      }
      late_us_.push_back(static_cast<float>(now - due) / 1e3F);
      Publish(next++, due);
    }
    const std::int64_t end = Now() + kPatience;
    while (complete_ < count && !closed_ && Now() < end) Receive(end - Now());
  }

  // From the first of those that count.
  void AddTo(Report& report, std::size_t first) {
    std::vector<float> times_us;
    std::size_t unanswered = 0;
    for (std::size_t i = first; i < operations_.size(); ++i) {
      const Operation& operation = operations_[i];
      if (!operation.whole()) ++unanswered;
      if (operation.due_ns == 0) continue;  // never sent: the server had closed the connection
      times_us.push_back(
          static_cast<float>((operation.whole() ? operation.done_ns : Now()) - operation.due_ns) / 1e3F);
    }
    late_us_.erase(late_us_.begin(),
                   late_us_.begin() + static_cast<std::ptrdiff_t>(std::min(first, late_us_.size())));
    report.Add("operations", static_cast<double>(operations_.size() - first));
    report.Add("unanswered", static_cast<double>(unanswered));
    report.Add("refused", static_cast<double>(refused_));
    report.Add("closed", closed_ ? 1 : 0);
    report.Add("open_us", opened_us_);
    report.AddTimes("witness", times_us);
    report.Add("witness_max_us", times_us.empty() ? 0 : static_cast<double>(times_us.back()));
    report.AddTimes("witness_late", late_us_);
    if (times_us.empty()) report.Void("the server closed the witness before it had said anything");
  }

 private:
  struct Operation {
    std::int64_t due_ns = 0;
    std::int64_t done_ns = 0;
    bool answered = false;
    bool delivered = false;
    bool whole() const { return answered && delivered; }
  };

  void Publish(std::size_t number, std::int64_t due_ns) {
    operations_[number].due_ns = due_ns;
    const std::string data = std::string(kNumber) + std::to_string(number) + "}";
    if (publisher_ >= 0) {
      SendAll(publisher_, protocol_.PublishRequest(kChannel, data, api_key_, 1));
      return;
    }
    std::string frame;
    AppendFrame(R"({"id":)" + std::to_string(kFirstId + number) + R"(,"publish":{"channel":")" +
                    std::string(kChannel) + R"(","data":)" + data + "}}",
                frame);
    SendAll(fd_, frame);
  }

  // Until the connections, or the first alone, have something to read, or can be written to.
  bool Await(short events, std::int64_t wait_ns = kPatience, bool both = false) {
    pollfd waits[] = {{.fd = fd_, .events = events, .revents = 0},
                      {.fd = publisher_, .events = events, .revents = 0}};
    const timespec patience{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
    return ppoll(waits, both && publisher_ >= 0 ? 2 : 1, &patience, nullptr) > 0;
  }

  // Where the text ends; 0: it does not come.
  std::size_t AwaitText(std::string_view text) {
    while (!unread_.contains(text)) {
      if (!Await(POLLIN)) return 0;
      Read();
      if (closed_) return 0;
    }
    return unread_.find(text) + text.size();
  }

  void Read() { unread_ += Heard(fd_); }

  std::string_view Heard(int fd) {
    const ssize_t got = recv(fd, buffer_, sizeof(buffer_), MSG_DONTWAIT);
    closed_ = closed_ || got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return {buffer_, static_cast<std::size_t>(std::max<ssize_t>(0, got))};
  }

  void Receive(std::int64_t wait_ns) {
    if (!Await(POLLIN, std::max<std::int64_t>(0, wait_ns), true)) return;
    if (publisher_ >= 0) {
      for (std::size_t came = answers_.Take(Heard(publisher_)); came > 0; --came) Took(next_answer_++, true);
    }
    Read();
    std::string_view rest = unread_;
    for (Frame frame = TakeFrame(rest); frame.bytes != 0; frame = TakeFrame(rest)) {
      rest.remove_prefix(frame.bytes);
      closed_ = closed_ || frame.opcode == kCloseFrame;
      for (std::string_view text = frame.payload; !text.empty();) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        Take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
      }
    }
    unread_.erase(0, unread_.size() - rest.size());
  }

  void Take(std::string_view line) {
    const bool is_answer = line.starts_with(R"({"id":)");
    const std::size_t at = is_answer ? 0 : line.find(kNumber);
    if (at == std::string_view::npos) return;
    const std::size_t number =
        std::strtoul(line.data() + at + (is_answer ? 6 : kNumber.size()), nullptr, 10) -
        (is_answer ? kFirstId : 0);
    if (is_answer && line.contains("\"error\"")) ++refused_;
    Took(number, is_answer);
  }

  void Took(std::size_t number, bool is_answer) {
    if (number >= operations_.size()) Die("not what the witness asked for: " + std::to_string(number));
    Operation& operation = operations_[number];
    (is_answer ? operation.answered : operation.delivered) = true;
    if (!operation.whole()) return;
    operation.done_ns = Now();
    ++complete_;
  }

  const Protocol protocol_;
  const std::string api_key_;
  const std::int64_t begun_ns_;
  const int fd_;
  const int publisher_;  // publishes over HTTP; -1: `fd_` does, with commands
  HttpAnswers answers_;
  std::size_t next_answer_ = 0;
  char buffer_[1 << 14] = {};
  double opened_us_ = 0;
  std::string unread_;
  std::vector<Operation> operations_;
  std::vector<float> late_us_;
  std::size_t complete_ = 0;
  std::size_t refused_ = 0;
  bool closed_ = false;
};

}  // namespace

void RunWitness(const Options& options, Report& report) {
  Witness witness(options);
  const auto warm_up = static_cast<std::size_t>(kWarmUpSeconds * options.rate_per_s);
  const auto count = static_cast<std::size_t>(options.seconds * options.rate_per_s);
  const Stretch stretch(options);
  if (!witness.Open()) {
    witness.AddSilence(report);
    return;
  }
  witness.Run(warm_up + count, options.rate_per_s);
  stretch.AddTo(report, "server_cpu_us_per_operation", static_cast<double>(warm_up + count));
  witness.AddTo(report, warm_up);
}

}  // namespace load
