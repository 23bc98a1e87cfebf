// Load for a server of Faktory's protocol: what the job benchmark asks, from one thread, and no code of src/.
//
//   job_load SCENARIO port=N [jobs=N width=N workers=N bulk=N rate=N seconds=N ahead_s=N seconds_max=N]
//
// ../README.md says what the scenarios are. Prints one line of JSON.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "job_load: %s\n", why.c_str());
  std::exit(1);
}

double NowMs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Options {
  std::string scenario;
  std::map<std::string, double, std::less<>> numbers;

  double Of(std::string_view name, double otherwise) const {
    const auto found = numbers.find(name);
    return found == numbers.end() ? otherwise : found->second;
  }
  int Count(std::string_view name, int otherwise) const { return static_cast<int>(Of(name, otherwise)); }
};

// Which jobs ran, how often, and how long after they were pushed or due.
struct Ledger {
  explicit Ledger(int count) : runs(static_cast<std::size_t>(count)), left(count) {}
  void Mark(std::int64_t n, double at_ms) {
    if (n < 0 || n >= static_cast<std::int64_t>(runs.size())) Die("a job that was not pushed");
    if (runs[static_cast<std::size_t>(n)]++ == 0) --left;
    if (at_ms > 0) waited_ms.push_back(NowMs() - at_ms);
  }
  std::vector<std::uint8_t> runs;
  int left;
  std::vector<double> waited_ms;
};

class Bench;

// One connection: it sends a command, and the next when it has the answer.
class Connection {
 public:
  Connection(Bench& bench, bool works) : bench_(bench), works_(works) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd_); }

  void Open(int epoll_fd, std::uint16_t port);
  void OnReadable();
  bool idle() const { return state_ == State::kIdle; }
  void Send(std::string_view text);
  void Push();

 private:
  enum class State : std::uint8_t { kGreeting, kHello, kIdle, kPushing, kFetching, kAcknowledging };

  // Whether a whole answer was there; it is taken.
  bool TakeAnswer();
  void OnAnswer(std::string_view answer, bool is_null);
  void Fetch();
  void OnFetched(std::string_view job);

  Bench& bench_;
  const bool works_;
  State state_ = State::kGreeting;
  int fd_ = -1;
  std::string in_;
  std::size_t read_ = 0;
};

class Bench {
 public:
  explicit Bench(Options options)
      : options_(std::move(options)),
        jobs_(options_.scenario == "latency" ? options_.Count("rate", 1000) * options_.Count("seconds", 5)
                                             : options_.Count("jobs", 1000)),
        ledger_(jobs_) {}

  void Run();

  // The next command of a connection that pushes; "" when there is none now.
  std::string NextPush();
  void OnPushed(int jobs);
  bool works() const { return working_; }
  Ledger& ledger() { return ledger_; }
  int bulk() const { return bulk_; }

 private:
  void OpenAll(int pushers, int workers);
  void Turn(int wait_ms);
  void PushAll(int width, int bulk);
  void Work();
  void WaitForAll();
  void PushAtRate();
  void Report(double seconds);
  void AppendJob(std::string& out, int n) const;

  const Options options_;
  const int jobs_;
  Ledger ledger_;
  int epoll_fd_ = epoll_create1(0);
  std::vector<std::unique_ptr<Connection>> pushers_;
  std::vector<std::unique_ptr<Connection>> workers_;
  int bulk_ = 1;
  int allowed_ = 0;  // how many jobs may have been pushed by now
  int begun_ = 0;
  int pushed_ = 0;
  double at_ms_ = 0;     // of scheduled jobs
  bool stamps_ = false;  // jobs carry when they were pushed
  bool working_ = false;
  bool pushed_in_time_ = true;
};

void Connection::Open(int epoll_fd, std::uint16_t port) {
  fd_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("cannot connect");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd_, &event);
}

void Connection::Send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = write(fd_, text.data(), text.size());
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN) {
      Die("the server closed a connection");
    }
  }
}

void Connection::OnReadable() {
  char buffer[65536];
  const ssize_t count = read(fd_, buffer, sizeof(buffer));
  if (count <= 0) {
    if (count < 0 && errno == EAGAIN) return;
    Die("the server closed a connection");
  }
  in_.append(buffer, static_cast<std::size_t>(count));
  while (TakeAnswer()) {
  }
  in_.erase(0, read_);
  read_ = 0;
}

bool Connection::TakeAnswer() {
  const std::string_view rest = std::string_view(in_).substr(read_);
  const std::size_t end = rest.find("\r\n");
  if (end == rest.npos) return false;
  const std::string_view line = rest.substr(0, end);
  if (!line.starts_with('$') || line == "$-1") {
    read_ += end + 2;
    OnAnswer(line, line == "$-1");
    return true;
  }
  std::size_t length = 0;
  std::from_chars(line.data() + 1, line.data() + line.size(), length);
  if (rest.size() < end + 2 + length + 2) return false;
  read_ += end + 2 + length + 2;
  OnAnswer(rest.substr(end + 2, length), false);
  return true;
}

void Connection::OnAnswer(std::string_view answer, bool is_null) {
  if (answer.starts_with('-')) Die("the server says " + std::string(answer));
  switch (state_) {
    case State::kGreeting:
      state_ = State::kHello;
      Send(works_ ? "HELLO {\"v\":2,\"wid\":\"bench" + std::to_string(fd_) +
                        "\",\"hostname\":\"bench\",\"pid\":1}\r\n"
                  : std::string("HELLO {\"v\":2}\r\n"));
      return;
    case State::kHello:
      state_ = State::kIdle;
      if (works_ && bench_.works()) Fetch();
      return;
    case State::kPushing:
      if (bench_.bulk() > 1 && answer != "{}") Die("jobs were refused: " + std::string(answer));
      state_ = State::kIdle;
      bench_.OnPushed(bench_.bulk());
      return Push();
    case State::kFetching:
      if (is_null) return Fetch();
      return OnFetched(answer);
    case State::kAcknowledging: return Fetch();
    case State::kIdle: Die("an answer that was not asked for");
  }
}

void Connection::Push() {
  const std::string command = bench_.NextPush();
  if (command.empty()) return;
  state_ = State::kPushing;
  Send(command);
}

void Connection::Fetch() {
  state_ = State::kFetching;
  Send("FETCH bench\r\n");
}

// The number behind `name` in a job's text.
double NumberOf(std::string_view job, std::string_view name) {
  const std::size_t at = job.find(name);
  if (at == job.npos) Die("a job without " + std::string(name));
  double value = 0;
  std::from_chars(job.data() + at + name.size(), job.data() + job.size(), value);
  return value;
}

void Connection::OnFetched(std::string_view job) {
  bench_.ledger().Mark(static_cast<std::int64_t>(NumberOf(job, "\"n\":")), NumberOf(job, "\"at_ms\":"));
  const std::size_t jid = job.find("\"jid\":\"");
  if (jid == job.npos) Die("a job without jid");
  const std::string_view rest = job.substr(jid + 7);
  state_ = State::kAcknowledging;
  Send("ACK {\"jid\":\"" + std::string(rest.substr(0, rest.find('"'))) + "\"}\r\n");
}

void Bench::AppendJob(std::string& out, int n) const {
  char text[256];
  const double at = stamps_ ? NowMs() : at_ms_;
  std::snprintf(text, sizeof(text),
                R"({"jid":"bench-%08d-%08x","jobtype":"job","queue":"bench","args":[{"n":%d,"at_ms":%.3f}])",
                n, static_cast<unsigned>(getpid()), n, at);
  out += text;
  if (at_ms_ > 0) {
    const auto seconds = static_cast<time_t>(at_ms_ / 1000);
    tm parts{};
    gmtime_r(&seconds, &parts);
    char when[64];
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text, sizeof(text), R"(,"at":"%s.%03dZ")", when,
                  static_cast<int>(static_cast<std::int64_t>(at_ms_) % 1000));
    out += text;
  }
  out += '}';
}

std::string Bench::NextPush() {
  if (begun_ + bulk_ > allowed_) return {};
  std::string out = bulk_ == 1 ? "PUSH " : "PUSHB [";
  for (int i = 0; i < bulk_; ++i) {
    if (i > 0) out += ',';
    AppendJob(out, begun_++);
  }
  out += bulk_ == 1 ? "\r\n" : "]\r\n";
  return out;
}

void Bench::OnPushed(int jobs) { pushed_ += jobs; }

void Bench::Turn(int wait_ms) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_fd_, events, 256, wait_ms);
  for (int i = 0; i < count; ++i) static_cast<Connection*>(events[i].data.ptr)->OnReadable();
}

void Bench::OpenAll(int pushers, int workers) {
  const auto port = static_cast<std::uint16_t>(options_.Count("port", 7419));
  for (int i = 0; i < pushers + workers; ++i) {
    const bool works = i >= pushers;
    auto& all = works ? workers_ : pushers_;
    all.push_back(std::make_unique<Connection>(*this, works));
    all.back()->Open(epoll_fd_, port);
  }
  const auto is_idle = [](const auto& each) { return each->idle(); };
  while (!std::ranges::all_of(pushers_, is_idle)) Turn(100);
}

void Bench::PushAll(int width, int bulk) {
  bulk_ = bulk;
  allowed_ = jobs_;
  if (jobs_ % bulk != 0) Die("jobs must be a multiple of bulk");
  for (int i = 0; i < width; ++i) pushers_[static_cast<std::size_t>(i)]->Push();
  while (pushed_ < jobs_) Turn(100);
}

void Bench::PushAtRate() {
  stamps_ = true;
  const double begun = NowMs();
  const double rate = options_.Of("rate", 1000) / 1000;
  while (pushed_ < jobs_) {
    allowed_ = std::min(jobs_, static_cast<int>((NowMs() - begun) * rate));
    for (const auto& each : pushers_) {
      if (begun_ < allowed_ && each->idle()) each->Push();
    }
    Turn(1);
  }
}

void Bench::Work() {
  working_ = true;
  OpenAll(0, options_.Count("workers", 10));
}

void Bench::WaitForAll() {
  const double until = NowMs() + options_.Of("seconds_max", 60) * 1000;
  while (ledger_.left > 0 && NowMs() < until) Turn(10);
}

void Bench::Run() {
  const std::string& name = options_.scenario;
  const int width = options_.Count("width", 1);
  OpenAll(std::max(width, 4), 0);
  double begun = NowMs();
  double ended = 0;
  if (name == "push") {
    PushAll(width, 1);
  } else if (name == "bulk" || name == "backlog") {
    PushAll(4, options_.Count("bulk", 1000));
  } else if (name == "work") {
    Work();
    begun = NowMs();
    PushAll(width, 1);
    WaitForAll();
  } else if (name == "drain") {
    PushAll(4, options_.Count("bulk", 1000));
    begun = NowMs();
    Work();
    WaitForAll();
  } else if (name == "latency") {
    Work();
    PushAtRate();
    WaitForAll();
  } else if (name == "burst") {
    at_ms_ = static_cast<double>(static_cast<std::int64_t>(begun + options_.Of("ahead_s", 3) * 1000));
    PushAll(std::max(width, 4), 1);
    pushed_in_time_ = NowMs() < at_ms_;
    Work();
    while (NowMs() < at_ms_) Turn(10);
    WaitForAll();
  } else {
    Die("no such scenario: " + name);
  }
  ended = NowMs();
  if (working_) {
    for (const double until = NowMs() + 300; NowMs() < until;) Turn(10);
  }
  Report((ended - begun) / 1000);
}

void Bench::Report(double seconds) {
  std::printf("{\"seconds\":%.6f", seconds);
  if (working_) {
    std::printf(",\"missing\":%d,\"twice\":%d", ledger_.left,
                static_cast<int>(std::ranges::count_if(ledger_.runs, [](auto runs) { return runs > 1; })));
  }
  std::vector<double>& waited = ledger_.waited_ms;
  if (!waited.empty()) {
    std::ranges::sort(waited);
    const auto at = [&](double share) {
      return waited[std::min(waited.size() - 1,
                             static_cast<std::size_t>(static_cast<double>(waited.size()) * share))];
    };
    std::printf(",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"early\":%d", at(0.5), at(0.99),
                waited.back(),
                static_cast<int>(std::ranges::count_if(waited, [](double ms) { return ms < -1; })));
  }
  std::printf(",\"pushed_in_time\":%s}\n", pushed_in_time_ ? "true" : "false");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) Die("usage: job_load SCENARIO port=N [NAME=NUMBER...]");
  Options options{.scenario = argv[1], .numbers = {}};
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::size_t sign = word.find('=');
    if (sign == word.npos) Die("not NAME=NUMBER: " + std::string(word));
    options.numbers[std::string(word.substr(0, sign))] = std::strtod(argv[i] + sign + 1, nullptr);
  }
  Bench(std::move(options)).Run();
  return 0;
}
