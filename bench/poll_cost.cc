// poll_cost: what polling sockets costs a server through libuv (uv_poll) and through epoll itself.
//
// An echo server on one core (child process) with 1,000 TCP connections over loopback; a client on the other
// core keeps a number of them in flight. Reading and writing are the same recv and send in every variant:
// only the polling differs. Prints the server's CPU time per request for interleaved rounds, and the medians.
//
//   clang++-19 -std=c++23 -O2 bench/poll_cost.cc -o poll_cost -luv && ./poll_cost [rounds] [seconds]
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

namespace {

constexpr int kConnections = 1000;
constexpr int kMessageBytes = 128;

char buffer[256 * 1024];

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

double Now(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void PinTo(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  Check(sched_setaffinity(0, sizeof cores, &cores) == 0, "sched_setaffinity");
}

// The same in all variants. False when the client is gone. A short read has emptied the socket.
bool Echo(int fd) {
  const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  return send(fd, buffer, static_cast<std::size_t>(got), MSG_DONTWAIT | MSG_NOSIGNAL) == got;
}

struct Connection {
  int fd;
};

void ServeEpoll(std::vector<Connection>& connections, std::uint32_t events_wanted) {
  const int epoll = epoll_create1(0);
  for (Connection& connection : connections) {
    epoll_event event{.events = events_wanted, .data = {.ptr = &connection}};
    Check(epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event) == 0, "epoll_ctl");
  }
  epoll_event events[512];
  for (;;) {
    const int count = epoll_wait(epoll, events, 512, -1);
    for (int i = 0; i < count; ++i) {
      if (!Echo(static_cast<Connection*>(events[i].data.ptr)->fd)) return;
    }
  }
}

void ServeUv(std::vector<Connection>& connections) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  std::vector<uv_poll_t> polls(connections.size());
  const auto on_ready = [](uv_poll_t* poll, int, int) {
    if (!Echo(static_cast<Connection*>(poll->data)->fd)) uv_stop(poll->loop);
  };
  for (std::size_t i = 0; i < connections.size(); ++i) {
    polls[i].data = &connections[i];
    Check(uv_poll_init(&loop, &polls[i], connections[i].fd) == 0, "uv_poll_init");
    Check(uv_poll_start(&polls[i], UV_READABLE | UV_DISCONNECT, on_ready) == 0, "uv_poll_start");
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  _exit(0);
}

struct Variant {
  const char* name;
  void (*serve)(std::vector<Connection>&);
};

const Variant kVariants[] = {
    {"uv_poll", ServeUv},
    {"epoll level", [](std::vector<Connection>& c) { ServeEpoll(c, EPOLLIN | EPOLLRDHUP); }},
    {"epoll edge",
     [](std::vector<Connection>& c) { ServeEpoll(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); }},
};

void Connect(std::vector<int>& clients, std::vector<Connection>& servers) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  Check(bind(listener, generic, bytes) == 0 && listen(listener, 128) == 0, "listen");
  getsockname(listener, generic, &bytes);
  const int yes = 1;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(socket(AF_INET, SOCK_STREAM, 0));
    Check(connect(clients.back(), generic, bytes) == 0, "connect");
    servers.push_back({accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)});
    setsockopt(clients.back(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(servers.back().fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  close(listener);
}

// Keeps `in_flight` connections waiting for their echo until `seconds` are over.
std::uint64_t Drive(const std::vector<int>& clients, int in_flight, double seconds) {
  const std::string message(kMessageBytes, 'm');
  const int epoll = epoll_create1(0);
  for (const int client : clients) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = client}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
  }
  // The connection that has been idle longest is next; none ever has two requests under way.
  std::deque<int> idle(clients.begin(), clients.end());
  const auto send_next = [&] {
    Check(send(idle.front(), message.data(), message.size(), 0) == kMessageBytes, "send");
    idle.pop_front();
  };
  for (int i = 0; i < in_flight; ++i) send_next();
  std::uint64_t answered = 0;
  int waiting = in_flight;
  bool over = false;
  const double end = Now(CLOCK_MONOTONIC) + seconds;
  epoll_event events[512];
  while (waiting > 0) {
    const int count = epoll_wait(epoll, events, 512, -1);
    over = over || Now(CLOCK_MONOTONIC) > end;
    for (int i = 0; i < count; ++i) {
      const int client = events[i].data.fd;
      Check(recv(client, buffer, kMessageBytes, MSG_DONTWAIT) == kMessageBytes, "recv");
      ++answered;
      idle.push_back(client);
      if (over) {
        --waiting;
      } else {
        send_next();
      }
    }
  }
  close(epoll);
  return answered;
}

double CpuSeconds(const rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Server CPU microseconds per request. Connections are made anew for each run.
double Run(const Variant& variant, int in_flight, double seconds) {
  std::vector<int> clients;
  std::vector<Connection> servers;
  Connect(clients, servers);
  const pid_t child = fork();
  if (child == 0) {
    for (const int client : clients) close(client);
    PinTo(0);
    variant.serve(servers);
    _exit(0);
  }
  for (const Connection& server : servers) close(server.fd);
  const std::uint64_t answered = Drive(clients, in_flight, seconds);
  for (const int client : clients) close(client);
  rusage usage{};
  int status = 0;
  Check(wait4(child, &status, 0, &usage) == child && status == 0, "server");
  return CpuSeconds(usage) / static_cast<double>(answered) * 1e6;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  const rlimit files{.rlim_cur = 4096, .rlim_max = 4096};
  setrlimit(RLIMIT_NOFILE, &files);
  PinTo(1);
  for (const int in_flight : {1, 100, 1000}) {
    std::vector<std::vector<double>> results(std::size(kVariants));
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < std::size(kVariants); ++i) {
        const std::size_t v = (i + static_cast<std::size_t>(round)) % std::size(kVariants);
        results[v].push_back(Run(kVariants[v], in_flight, seconds));
      }
    }
    for (std::size_t v = 0; v < std::size(kVariants); ++v) {
      std::vector<double> ratios;
      for (std::size_t r = 0; r < results[v].size(); ++r) ratios.push_back(results[v][r] / results[2][r]);
      const auto [least, most] = std::ranges::minmax(results[v]);
      std::printf("in flight %4d  %-12s %.3f us/request (%.3f-%.3f), ratio to epoll edge %.3f\n", in_flight,
                  kVariants[v].name, Median(results[v]), least, most, Median(ratios));
    }
    std::fflush(stdout);
  }
}
