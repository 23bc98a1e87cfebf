#include "cli/version.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace tidemill::cli {
namespace {

int PrintVersion(Io io) {
  Print(io, fmt::format("tidemill {} (clang {}.{}.{}, {})\n", TM_VERSION, __clang_major__, __clang_minor__,
                        __clang_patchlevel__, OpenSSL_version(OPENSSL_VERSION)));
  return kDone;
}

}  // namespace

CommandSpec VersionCommand() {
  return {.name = "version",
          .help = "Prints the version",
          .examples = "  tidemill version\n",
          .run = PrintVersion};
}

}  // namespace tidemill::cli
