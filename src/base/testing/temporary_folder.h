// TemporaryFolder: a new folder, in memory where the machine has such a place, that is removed with all in
// it, also when the process dies. (On a disk that builds are writing to, one fsync takes seconds.)
#pragma once

#include <sys/types.h>

#include <string>

namespace tidemill::testing {

class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int alive_ = -1;     // closed by our end, however it comes
  pid_t remover_ = 0;  // waits for that
};

}  // namespace tidemill::testing
