#include "cli/version.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <memory>

#include "base/json_writer.h"

namespace tidemill::cli {
namespace {

int PrintVersion(bool json, Io io) {
  if (json) {
    std::string line;
    JsonWriter writer(line);
    writer.BeginObject();
    writer.Member("version", TM_VERSION);
    writer.Member("compiler",
                  fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__));
    writer.Member("openssl", OpenSSL_version(OPENSSL_VERSION));
    writer.EndObject();
    Print(io, line + "\n");
    return kDone;
  }
  Print(io, fmt::format("tidemill {} (clang {}.{}.{}, {})\n", TM_VERSION, __clang_major__, __clang_minor__,
                        __clang_patchlevel__, OpenSSL_version(OPENSSL_VERSION)));
  return kDone;
}

}  // namespace

CommandSpec VersionCommand() {
  const auto json = std::make_shared<bool>(false);
  return {.name = "version",
          .help = "Prints the version",
          .examples = "  tidemill version\n",
          .parameters = {{"--json", json.get(), "Prints it as one line of JSON"}},
          .run = [json](Io io) { return PrintVersion(*json, io); }};
}

}  // namespace tidemill::cli
