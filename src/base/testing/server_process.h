// Programs that tests run beside themselves: Spawn and RunToEnd; ServerProcess: one that serves on a port
// until the test ends.
//
// A program dies with the test's process: the kernel kills it with its parent. Everything here blocks. Each
// failure is a failure of the test, which ends. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/testing/patience.h"

namespace tidemill::testing {

// Looks at `done` every few milliseconds; whether it became true within `patience`.
bool WaitUntil(const std::function<bool()>& done, Duration patience = kPatience);

// Fails the test with the sentence and ends the process: nothing can be tested without a server.
[[noreturn]] void GiveUp(const std::string& sentence);

// A port of 127.0.0.1 that nobody uses at the moment, below those that Linux gives to clients; and so is the
// one `companion` above it. 0: it has none.
std::uint16_t FreePort(std::uint16_t companion = 0);

// What is in the file; "": it is not there.
std::string ContentsOf(const std::string& path);

struct Program {
  struct User {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  std::vector<std::string> command;  // the first word is looked for in PATH
  std::string log;                   // gets its standard output and error; "": nobody does
  std::optional<User> user{};        // nullopt: the test's own
};

// 0: there is no such program.
pid_t Spawn(const Program& program);
// Gives up when it fails, or when it takes longer than kPatience.
void RunToEnd(const Program& program);

struct ServerProgram {
  std::string name;  // "PostgreSQL", for sentences
  Program program;
  std::string missing;            // what to say where there is no such program
  std::function<bool()> answers;  // whether it serves
};

class ServerProcess {
 public:
  ServerProcess() = default;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { Kill(); }

  // Starts it and waits until it answers. `prepare` is given a new port each time, as another process may be
  // faster to take one.
  void StartOnFreePort(const std::function<ServerProgram()>& prepare);
  // Kills it if it runs; starts it again, and again while it ends at once: whoever has its port for a moment,
  // such as a connection made from it, gives it back.
  void Restart(const ServerProgram& server);

  // Ends it and its children at once, as a crash would; or as `signal` makes it.
  void Kill();
  void Shutdown(int signal);
  // Lets all of it stand still, connections and all, and go on.
  void Stop();
  void Continue();

  // And does not stand still.
  bool running() const { return process_ != 0 && !stopped_; }
  pid_t id() const { return process_; }  // 0: it does not run

 private:
  void Start(const ServerProgram& server);
  void SignalAll(int signal) const;

  pid_t process_ = 0;
  bool stopped_ = false;
};

}  // namespace tidemill::testing
