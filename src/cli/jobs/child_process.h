// ChildProcess: a command that runs beside a loop: its standard input is given, its output is read as it
// comes.
//
// It leads a process group of its own, which signals go to, and is killed by the kernel when this process
// dies, so that a job does not go on whose worker is gone. Loop thread only.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/timer_wheel.h"

namespace tidemill::cli {

struct ChildOptions {
  std::vector<std::string> command;      // found along PATH, as in a shell
  std::vector<std::string> environment;  // "NAME=value", beside what this process has
  std::string input;
};

enum class Stream : std::uint8_t { kOut, kErr };

class ChildOutput {
 public:
  virtual void OnOutput(Stream stream, std::string_view bytes) = 0;

 protected:
  ~ChildOutput() = default;
};

struct ExitStatus {
  int code = 0;
  int signal = 0;  // not 0: it was ended by it
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

class ChildProcess final : private net::Timer {
 public:
  // kNotFound: there is no such command; kPermissionDenied: it cannot be run. `output` outlives it.
  static Result<std::unique_ptr<ChildProcess>> Start(net::Loop& loop, const ChildOptions& options,
                                                     ChildOutput& output);
  // Kills the group if it still runs.
  ~ChildProcess() override;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // To all of its group.
  void Signal(int signal);
  // nullopt: it runs. What it had written has been read.
  const std::optional<ExitStatus>& status() const { return status_; }

  // co_await child->Wait(duration): until it has ended, or for so long.
  class Waiting;
  Waiting Wait(Duration longest);

 private:
  class Input;
  class Reader;
  class End;

  ChildProcess(net::Loop& loop, int pid);
  Result<> Watch(net::Fd in, net::Fd out, net::Fd err, std::string input, ChildOutput& output);
  void OnEnd();
  void OnTimer() override { Resume(); }
  void Resume();

  net::Loop& loop_;
  const int pid_;
  std::optional<ExitStatus> status_;
  std::coroutine_handle<> awaiter_;
  std::unique_ptr<Input> input_;
  std::unique_ptr<Reader> out_;
  std::unique_ptr<Reader> err_;
  std::unique_ptr<End> end_;
};

class [[nodiscard]] ChildProcess::Waiting {
 public:
  Waiting(ChildProcess& child, Duration longest) : child_(child), longest_(longest) {}
  ~Waiting();
  bool await_ready() const { return child_.status_.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter);
  void await_resume() const {}

 private:
  ChildProcess& child_;
  const Duration longest_;
};

}  // namespace tidemill::cli
