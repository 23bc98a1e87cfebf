#include "queries/files/inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidemill::files {
namespace {

// A file that is written to is looked at when it is closed. Links come as IN_CREATE only.
constexpr std::uint32_t kInFolder = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                    IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kOnTheWay = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

std::unexpected<Error> FailAdd(const std::string& folder, int error) {
  if (error == ENOSPC) {
    return Fail(Errc::kLimitExceeded, "no watch left for " + folder + ": raise fs.inotify.max_user_watches");
  }
  return Fail(Errc::kInternal, "watching " + folder + ": " + std::strerror(error));
}

}  // namespace

Result<std::unique_ptr<Inotify>> Inotify::Open() {
  net::Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd && errno == EMFILE) {
    return Fail(Errc::kLimitExceeded,
                "no inotify instance left: raise fs.inotify.max_user_instances, or the limit of open files");
  }
  if (!fd) return Fail(Errc::kInternal, std::string("inotify: ") + std::strerror(errno));
  return std::unique_ptr<Inotify>(new Inotify(std::move(fd)));
}

Result<void> Inotify::Add(const std::string& folder, std::uint32_t events, std::string_view name) {
  const int watch = inotify_add_watch(fd_.get(), folder.c_str(), events | IN_ONLYDIR | IN_MASK_ADD);
  if (watch < 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP;
    return absent ? Result<void>() : FailAdd(folder, errno);
  }
  const auto [names, is_new] = names_.try_emplace(watch);
  if (name.empty()) {
    names->second.clear();
  } else if (is_new || !names->second.empty()) {
    names->second.emplace_back(name);
  }
  return {};
}

Result<void> Inotify::WatchFolder(const std::string& folder) { return Add(folder, kInFolder, ""); }

Result<void> Inotify::WatchWayTo(std::string_view path) {
  std::string folder = path.starts_with('/') ? "/" : ".";
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    TM_TRY(Add(folder, kOnTheWay, part));
    if (folder != "/") folder += '/';
    folder += part;
  }
  return {};
}

Inotify::Seen Inotify::Read() {
  alignas(inotify_event) char buffer[16 * 1024];
  const ssize_t got = read(fd_.get(), buffer, sizeof buffer);
  Seen seen;
  if (got <= 0) return seen;
  seen.more = true;
  for (const char* at = buffer; at < buffer + got;) {
    const auto* const event = reinterpret_cast<const inotify_event*>(at);
    at += sizeof(inotify_event) + event->len;
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
      seen.overflowed = seen.changed = true;
      continue;
    }
    const auto names = names_.find(event->wd);
    if (names == names_.end()) continue;
    const std::string_view name = event->len > 0 ? std::string_view(event->name) : std::string_view();
    const auto& wanted = names->second;
    seen.changed = seen.changed || wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
  }
  return seen;
}

}  // namespace tidemill::files
