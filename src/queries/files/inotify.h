// Inotify: the kernel's word that something changed in some folders. It says that, not what: who is told
// reads the folders again, so nothing has to be known of renames, editors and their temporary files.
//
// Made, filled and destroyed on any one thread at a time; all but Read may block for a moment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/socket.h"

namespace tidemill::files {

class Inotify {
 public:
  // kLimitExceeded, kInternal: the kernel has no instance left (fs.inotify.max_user_instances).
  static Result<std::unique_ptr<Inotify>> Open();
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;

  int fd() const { return fd_.get(); }

  // Every change in the folder. A folder that is not there is no failure: whoever put it there tells its own
  // folder. kLimitExceeded: fs.inotify.max_user_watches is reached.
  Result<void> WatchFolder(const std::string& folder);
  // Each folder on the way to `path`, for the next part of it alone: `path` coming, going, or becoming
  // another.
  Result<void> WatchWayTo(std::string_view path);

  struct Seen {
    bool changed = false;
    bool overflowed = false;  // something was lost; also changed
    bool more = false;        // there may be more to read
  };
  // What came since, up to a buffer of it. Does not block.
  Seen Read();

 private:
  explicit Inotify(net::Fd fd) : fd_(std::move(fd)) {}
  Result<void> Add(const std::string& folder, std::uint32_t events, std::string_view name);

  net::Fd fd_;
  // By the kernel's number of a watch: the names that count; empty: all.
  std::map<int, std::vector<std::string>> names_;
};

}  // namespace tidemill::files
