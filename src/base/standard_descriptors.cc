#include "base/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace tidemill {

void KeepStandardDescriptors() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(wanted, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is the wanted one: those below are open. They survive exec, as the usual ones
    // do.
    if (open("/dev/null", wanted == STDIN_FILENO ? O_RDONLY : O_WRONLY) != wanted) _exit(1);
  }
}

}  // namespace tidemill
