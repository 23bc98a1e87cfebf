// HTTP requests over keep-alive connections, each of which sends the next when its answer is there: a closed
// loop. The requests are taken from a list in turn; every answer must have the status that is expected.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "load/http_answers.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr double kWarmUpSeconds = 0.5;
constexpr std::int64_t kPatience = 10'000'000'000;
constexpr int kEventsMax = 256;

// The file's requests; a NUL is behind each.
std::vector<std::string> ReadRequests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> requests;
  for (std::string request; std::getline(file, request, '\0');) requests.push_back(request);
  if (requests.empty()) Die("no requests in " + path);
  return requests;
}

class Callers {
 public:
  Callers(const Options& options, std::vector<std::string> requests)
      : requests_(std::move(requests)),
        status_(options.status),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        callers_(static_cast<std::size_t>(options.connections)),
        buffer_(64 * 1024, '\0') {
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      callers_[i].fd = Connect(options.port, static_cast<int>(i));
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, callers_[i].fd, &event);
    }
  }
  ~Callers() {
    for (const Caller& caller : callers_) close(caller.fd);
    close(epoll_);
  }
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  void Start() {
    for (Caller& caller : callers_) Send(caller);
  }
  // No more requests are sent.
  void Finish() { running_ = false; }

  void Turn() {
    epoll_event events[kEventsMax];
    const int count = epoll_wait(epoll_, events, kEventsMax, 10);
    for (int i = 0; i < count; ++i) Hear(callers_[events[i].data.u64]);
  }
  void RunFor(double seconds) {
    const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
    while (Now() < end) Turn();
  }

  std::vector<float>& times_us() { return times_us_; }
  std::uint64_t bytes() const { return bytes_; }
  double answered() const { return static_cast<double>(answered_); }
  double refused() const { return static_cast<double>(refused_); }
  std::size_t waiting() const { return waiting_; }

 private:
  struct Caller {
    int fd = -1;
    std::int64_t sent_ns = 0;
    HttpAnswers answers;
  };

  void Send(Caller& caller) {
    const std::string& request = requests_[next_++ % requests_.size()];
    caller.sent_ns = Now();
    SendAll(caller.fd, request);
    ++waiting_;
  }

  void Hear(Caller& caller) {
    const ssize_t got = recv(caller.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (got <= 0) Die("the server closed a connection");
    bytes_ += static_cast<std::uint64_t>(got);
    const std::size_t answers = caller.answers.Take({buffer_.data(), static_cast<std::size_t>(got)});
    if (answers == 0) return;
    if (answers > 1) Die("two answers to one request");
    times_us_.push_back(static_cast<float>(Now() - caller.sent_ns) / 1e3F);
    ++answered_;
    --waiting_;
    if (caller.answers.status() != status_) ++refused_;
    if (running_) Send(caller);
  }

  const std::vector<std::string> requests_;
  const int status_;
  const int epoll_;
  std::vector<Caller> callers_;
  std::string buffer_;
  std::vector<float> times_us_;
  std::size_t next_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  bool running_ = true;
};

}  // namespace

void RunRequests(const Options& options, Report& report) {
  Callers callers(options, ReadRequests(options.block));
  callers.Start();
  callers.RunFor(kWarmUpSeconds);
  callers.times_us().clear();
  const std::uint64_t bytes_before = callers.bytes();
  const Stretch stretch(options);
  callers.RunFor(options.seconds);
  const auto answered = static_cast<double>(callers.times_us().size());
  stretch.AddTo(report, "cpu_us_per_request", answered);
  report.Add("requests", answered);
  report.Add("requests_per_s", answered / stretch.Seconds());
  report.Add("bytes_per_answer",
             answered > 0 ? static_cast<double>(callers.bytes() - bytes_before) / answered : 0);
  report.AddTimes("answer", callers.times_us());

  callers.Finish();
  const std::int64_t patience_end = Now() + kPatience;
  while (callers.waiting() > 0 && Now() < patience_end) callers.Turn();
  report.Add("requests_with_warm_up", callers.answered());
  report.Add("refused", callers.refused());
  if (callers.waiting() > 0) report.Void("requests without an answer");
  if (callers.refused() > 0) report.Void("answers with another status");
  if (answered == 0) report.Void("nothing was answered");
}

}  // namespace load
