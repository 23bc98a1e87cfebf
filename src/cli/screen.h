// Screen: a terminal that shows one picture after another in place, until somebody presses q or Ctrl-C.
//
// Appended, or where the output is no terminal, pictures follow each other. While it lives,
// SIGINT and SIGTERM end the waiting and nothing else. One at a time; one thread.
#pragma once

#include <signal.h>
#include <termios.h>

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "cli/command.h"
#include "net/socket.h"

namespace tidemill::cli {

class Screen {
 public:
  enum class Mode { kInPlace, kAppended };
  Screen(Io io, Mode mode);
  // Gives the terminal back as it was.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // As many lines as there is room for. False: it cannot be written any more.
  bool Show(std::string_view picture);
  // False: somebody wants it to end.
  bool Wait(Duration duration);

 private:
  Io io_;
  bool is_terminal_ = false;
  std::optional<termios> keys_before_;  // of standard input, when keys are read from it
  sigset_t signals_;
  sigset_t signals_before_;
  net::Fd signal_fd_;
};

}  // namespace tidemill::cli
