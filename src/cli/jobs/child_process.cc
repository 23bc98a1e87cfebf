#include "cli/jobs/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidemill::cli {
namespace {

constexpr std::size_t kReadBytes = 16 << 10;

struct Pipe {
  net::Fd read;
  net::Fd write;
};

Result<Pipe> OpenPipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) {
    return Fail(Errc::kInternal, std::string("a pipe: ") + std::strerror(errno));
  }
  return Pipe{net::Fd(fds[0]), net::Fd(fds[1])};
}

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

struct Pipes {
  Pipe in, out, err;
  Pipe failure;  // errno of what went wrong before the command ran
};

// What exec takes, made before the fork: the child may only make system calls.
class Words {
 public:
  explicit Words(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char** data() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

Words EnvironmentWith(const std::vector<std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  all.insert(all.end(), added.begin(), added.end());
  return Words(std::move(all));
}

// In the child.
[[noreturn]] void Become(const Pipes& pipes, char** command, char** environment, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const bool orphan = getppid() != parent;  // it died before prctl
  if (!orphan && dup2(pipes.in.read.get(), STDIN_FILENO) >= 0 &&
      dup2(pipes.out.write.get(), STDOUT_FILENO) >= 0 && dup2(pipes.err.write.get(), STDERR_FILENO) >= 0) {
    execvpe(command[0], command, environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(pipes.failure.write.get(), &error, sizeof error);
  _exit(127);
}

}  // namespace

// Writes the input as the child takes it.
class ChildProcess::Input final : public net::Pollable {
 public:
  Input(net::Loop& loop, net::Fd fd, std::string text)
      : loop_(loop), fd_(std::move(fd)), text_(std::move(text)) {}
  ~Input() { Close(); }
  Result<> Start() {
    SetNonBlocking(fd_.get());
    return loop_.Watch(fd_.get(), EPOLLOUT, *this);
  }

 private:
  void OnReady(std::uint32_t) override {
    while (fd_ && written_ < text_.size()) {
      const ssize_t bytes = write(fd_.get(), text_.data() + written_, text_.size() - written_);
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0 && errno == EAGAIN) return;
      if (bytes < 0) break;  // it does not read
      written_ += static_cast<std::size_t>(bytes);
    }
    Close();
  }
  void Close() {
    if (!fd_) return;
    loop_.Unwatch(fd_.get(), *this);
    fd_.Reset();
  }

  net::Loop& loop_;
  net::Fd fd_;
  const std::string text_;
  std::size_t written_ = 0;
};

class ChildProcess::Reader final : public net::Pollable {
 public:
  Reader(net::Loop& loop, net::Fd fd, Stream stream, ChildOutput& output)
      : loop_(loop), fd_(std::move(fd)), stream_(stream), output_(output) {}
  ~Reader() { loop_.Unwatch(fd_.get(), *this); }
  Result<> Start() {
    SetNonBlocking(fd_.get());
    return loop_.Watch(fd_.get(), EPOLLIN, *this);
  }
  // What is there now, a share of it at least.
  void OnReady(std::uint32_t) override {
    std::array<char, kReadBytes> buffer;
    while (true) {
      const ssize_t bytes = read(fd_.get(), buffer.data(), buffer.size());
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes <= 0) return;
      output_.OnOutput(stream_, {buffer.data(), static_cast<std::size_t>(bytes)});
      if (loop_.ShareSpent()) return loop_.ArmBehind(*this);
    }
  }

 private:
  net::Loop& loop_;
  const net::Fd fd_;
  const Stream stream_;
  ChildOutput& output_;
};

// The process itself, as a descriptor that is readable when it has ended.
class ChildProcess::End final : public net::Pollable {
 public:
  End(ChildProcess& child, net::Fd fd) : child_(child), fd_(std::move(fd)) {}
  ~End() { child_.loop_.Unwatch(fd_.get(), *this); }
  Result<> Start() { return child_.loop_.Watch(fd_.get(), EPOLLIN, *this); }

 private:
  void OnReady(std::uint32_t) override { child_.OnEnd(); }

  ChildProcess& child_;
  const net::Fd fd_;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(net::Loop& loop, const ChildOptions& options,
                                                          ChildOutput& output) {
  Pipes pipes;
  TM_TRY_ASSIGN(pipes.in, OpenPipe());
  TM_TRY_ASSIGN(pipes.out, OpenPipe());
  TM_TRY_ASSIGN(pipes.err, OpenPipe());
  TM_TRY_ASSIGN(pipes.failure, OpenPipe());
  Words command(options.command);
  Words environment = EnvironmentWith(options.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Fail(Errc::kUnavailable, std::string("fork: ") + std::strerror(errno));
  if (pid == 0) Become(pipes, command.data(), environment.data(), parent);

  pipes.failure.write.Reset();
  int error = 0;
  ssize_t bytes = 0;
  while ((bytes = read(pipes.failure.read.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (bytes > 0) {
    waitpid(pid, nullptr, 0);
    return Fail(error == ENOENT ? Errc::kNotFound : Errc::kPermissionDenied,
                options.command.front() + ": " + std::strerror(error));
  }
  std::unique_ptr<ChildProcess> child(new ChildProcess(loop, pid));
  TM_TRY(child->Watch(std::move(pipes.in.write), std::move(pipes.out.read), std::move(pipes.err.read),
                      options.input, output));
  return child;
}

Result<> ChildProcess::Watch(net::Fd in, net::Fd out, net::Fd err, std::string input, ChildOutput& output) {
  net::Fd end(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!end) return Fail(Errc::kInternal, std::string("pidfd_open: ") + std::strerror(errno));
  end_ = std::make_unique<End>(*this, std::move(end));
  out_ = std::make_unique<Reader>(loop_, std::move(out), Stream::kOut, output);
  err_ = std::make_unique<Reader>(loop_, std::move(err), Stream::kErr, output);
  input_ = std::make_unique<Input>(loop_, std::move(in), std::move(input));
  TM_TRY(out_->Start());
  TM_TRY(err_->Start());
  TM_TRY(input_->Start());
  return end_->Start();
}

ChildProcess::ChildProcess(net::Loop& loop, int pid) : loop_(loop), pid_(pid) {}

ChildProcess::~ChildProcess() {
  if (status_) return;
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::Signal(int signal) {
  if (!status_) kill(-pid_, signal);
}

void ChildProcess::OnEnd() {
  int status = 0;
  if (status_ || waitpid(pid_, &status, WNOHANG) != pid_) return;
  out_->OnReady(0);
  err_->OnReady(0);
  status_ =
      WIFSIGNALED(status) ? ExitStatus{.signal = WTERMSIG(status)} : ExitStatus{.code = WEXITSTATUS(status)};
  Resume();
}

void ChildProcess::Resume() {
  loop_.timers().Cancel(*this);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

ChildProcess::Waiting ChildProcess::Wait(Duration longest) { return {*this, longest}; }

ChildProcess::Waiting::~Waiting() {
  child_.awaiter_ = nullptr;
  child_.loop_.timers().Cancel(child_);
}

void ChildProcess::Waiting::await_suspend(std::coroutine_handle<> awaiter) {
  child_.awaiter_ = awaiter;
  child_.loop_.timers().Schedule(child_, child_.loop_.clock().Now() + longest_);
}

}  // namespace tidemill::cli
