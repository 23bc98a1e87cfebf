#include "cli/backup.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "base/json_writer.h"
#include "cli/settings.h"
#include "settings/settings.h"
#include "sqlite/backup.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string file;
  bool json = false;
};

int CopyDatabase(const Options& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string& path = settings->sqlite.path;
  if (path.empty()) return Failed(io, "storage.sqlite.path is not given: there is no database to copy");
  const auto copied = sqlite::Backup(path, options.file);
  if (!copied) return Failed(io, copied.error().detail);
  if (!options.json) {
    Print(io, fmt::format("{}: {} bytes, checked\n", options.file, copied->bytes));
    return kDone;
  }
  std::string line;
  JsonWriter writer(line);
  writer.BeginObject();
  writer.Member("file", options.file);
  writer.Member("bytes", copied->bytes);
  writer.EndObject();
  Print(io, line + "\n");
  return kDone;
}

}  // namespace

CommandSpec BackupCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "backup",
      .help = "Copies the embedded database, also while a server uses it",
      .examples =
          "  tidemill backup --storage.sqlite.path tidemill.db monday.db\n"
          "\nThe file is complete and checked, or it is not there. To restore: stop the server, remove what "
          "is\n"
          "at storage.sqlite.path and beside it (-wal, -shm), and copy the file there.\n",
      .parameters = {{.name = "FILE",
                      .value = &options->file,
                      .help = "Where the copy goes; nothing is there yet",
                      .is_file = true},
                     {"--json", &options->json, "Prints its size as one line of JSON"}},
      .settings = &options->settings,
      .run = [options](Io io) { return CopyDatabase(*options, io); }};
}

}  // namespace tidemill::cli
