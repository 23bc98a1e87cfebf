#include "cli/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "settings/template.h"

namespace tidemill::cli {
namespace {

struct Options {
  std::string file = "tidemill.toml";
};

// Only this user may read the file. One that is there already stays as it is.
Result<void> WriteNew(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return Fail(Errc::kAlreadyExists,
                fmt::format("{}: is there already, and stays as it is; name another file", path));
  }
  if (fd < 0) return Fail(Errc::kInternal, fmt::format("{}: {}", path, std::strerror(errno)));
  errno = 0;
  const bool whole = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  if (whole) return {};
  unlink(path.c_str());
  return Fail(Errc::kInternal, fmt::format("{}: {}", path, error == 0 ? "no space" : std::strerror(error)));
}

int Init(const Options& options, Io io) {
  const std::string token_key = RandomLetters(48);
  const std::string api_key = RandomLetters(32);
  const Result<void> written =
      WriteNew(options.file, settings::StarterToml({.token_key = token_key, .api_key = api_key}));
  if (!written) return Failed(io, written.error().detail);
  Print(io, fmt::format("wrote {0} with fresh secrets. Next:\n\n"
                        "  tidemill config check --config {0}\n"
                        "  tidemill serve --config {0}\n"
                        "  tidemill token create --user 42 --config {0}\n",
                        options.file));
  return kDone;
}

}  // namespace

CommandSpec InitCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "init",
          .help = "Writes a short configuration with fresh secrets",
          .examples =
              "  tidemill init\n"
              "  tidemill init staging.toml\n",
          .parameters = {{.name = "FILE",
                          .value = &options->file,
                          .help = "The file to write; one that is there is kept",
                          .optional = true,
                          .is_file = true}},
          .run = [options](Io io) { return Init(*options, io); }};
}

}  // namespace tidemill::cli
