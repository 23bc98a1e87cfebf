#include <fmt/format.h>
#include <openssl/crypto.h>

#include "cli/commands.h"

namespace tidemill::cli {

int RunVersion(Io io) {
  fmt::print(io.out, "tidemill {} (clang {}.{}.{}, {})\n", TM_VERSION, __clang_major__, __clang_minor__,
             __clang_patchlevel__, OpenSSL_version(OPENSSL_VERSION));
  return kDone;
}

}  // namespace tidemill::cli
