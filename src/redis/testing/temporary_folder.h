// TemporaryFolder: a new folder in /tmp that is removed with all in it, also when the process dies.
#pragma once

#include <sys/types.h>

#include <string>

namespace tidemill::redis::testing {

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

}  // namespace tidemill::redis::testing
