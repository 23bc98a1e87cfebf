#include "base/testing/temporary_folder.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/assert.h"

namespace tidemill::testing {
namespace {

// Reads until nobody holds the other end any more. What writes into the folder is killed at the same moment,
// so a first removal may meet a new file.
constexpr const char* kRemove =
    "cat >/dev/null; rm -rf -- \"$0\" 2>/dev/null || { sleep 0.2; rm -rf -- \"$0\"; }";

}  // namespace

TemporaryFolder::TemporaryFolder() {
  path_ = std::string(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/tidemill-test-XXXXXX";
  TM_ASSERT(mkdtemp(path_.data()) != nullptr);
  int ends[2];
  TM_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
  alive_ = ends[1];
  remover_ = fork();
  TM_ASSERT(remover_ >= 0);
  if (remover_ == 0) {
    setsid();
    dup2(ends[0], STDIN_FILENO);
    execl("/bin/sh", "sh", "-c", kRemove, path_.c_str(), nullptr);
    _exit(127);
  }
  close(ends[0]);
}

TemporaryFolder::~TemporaryFolder() {
  close(alive_);
  waitpid(remover_, nullptr, 0);
}

}  // namespace tidemill::testing
