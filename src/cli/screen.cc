#include "cli/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace tidemill::cli {
namespace {

// DEC private modes of every terminal since xterm: the alternate screen, and the cursor.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::size_t kRowsUnknown = 24;

std::size_t Rows(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return kRowsUnknown;
  return size.ws_row;
}

// From the upper left, each line to its end, and nothing below.
std::string InPlace(std::string_view picture, std::size_t rows) {
  std::string text = "\x1b[H";
  while (!picture.empty() && rows > 1) {
    const std::size_t end = picture.find('\n');
    text.append(picture.substr(0, end)).append("\x1b[K\r\n");
    picture.remove_prefix(end == std::string_view::npos ? picture.size() : end + 1);
    --rows;
  }
  return text + "\x1b[J";
}

}  // namespace

Screen::Screen(Io io, Mode mode)
    : io_(io), is_terminal_(mode == Mode::kInPlace && isatty(fileno(io.out)) == 1) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals_, &signals_before_);
  signal_fd_ = net::Fd(signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!is_terminal_) return;
  termios keys{};
  if (isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &keys) == 0) {
    keys_before_ = keys;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  Print(io_, kEnter);
}

Screen::~Screen() {
  if (is_terminal_) {
    Print(io_, kLeave);
    std::fflush(io_.out);
  }
  if (keys_before_) tcsetattr(STDIN_FILENO, TCSANOW, &*keys_before_);
  signalfd_siginfo taken;
  while (read(signal_fd_.get(), &taken, sizeof taken) > 0) continue;
  sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
}

bool Screen::Show(std::string_view picture) {
  if (is_terminal_) {
    Print(io_, InPlace(picture, Rows(io_.out)));
  } else {
    Print(io_, picture);
  }
  return std::fflush(io_.out) == 0;
}

bool Screen::Wait(Duration duration) {
  pollfd waited[] = {{.fd = signal_fd_.get(), .events = POLLIN, .revents = 0},
                     {.fd = keys_before_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
  if (poll(waited, 2, static_cast<int>(duration.ms)) <= 0) return true;
  if (waited[0].revents != 0) return false;
  char key = 0;
  return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

}  // namespace tidemill::cli
