#include "cli/version.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "cli/build_facts.h"

namespace tidemill::cli {
namespace {

int PrintVersion(bool json, Io io) {
  const std::string compiler =
      fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
  const std::string_view openssl = OpenSSL_version(OPENSSL_VERSION);
  if (!json) {
    Print(io, fmt::format("tidemill {} ({}, {}, {}, {})\n", kVersion, kCommit, kBuild, compiler, openssl));
    return kDone;
  }
  std::string line;
  JsonWriter writer(line);
  writer.BeginObject();
  writer.Member("version", kVersion);
  writer.Member("commit", kCommit);
  if (!kCommitDate.empty()) writer.Member("commit_date", kCommitDate);
  writer.Member("build", kBuild);
  writer.Member("compiler", compiler);
  writer.Member("openssl", openssl);
  writer.EndObject();
  Print(io, line + "\n");
  return kDone;
}

}  // namespace

CommandSpec VersionCommand() {
  const auto json = std::make_shared<bool>(false);
  return {.name = "version",
          .help = "Prints the version and what it was built from",
          .examples =
              "  tidemill version\n"
              "  tidemill version --json\n",
          .parameters = {{"--json", json.get(), "Prints it as one line of JSON"}},
          .run = [json](Io io) { return PrintVersion(*json, io); }};
}

}  // namespace tidemill::cli
