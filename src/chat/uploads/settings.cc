#include "chat/uploads/settings.h"

#include "config/section.h"

namespace tidemill::chat {
namespace {

constexpr config::Row<UploadSettings> kUploads[] = {
    {"folder",
     config::Of<&UploadSettings::folder>,
     {.doc =
          "Folder of the files that are attached to messages; made if it is missing. When empty, it stands "
          "beside storage.sqlite.path, with \"-uploads\" behind its name; without that, nothing can be "
          "uploaded. Several nodes need one that they share. Back it up with the database.",
      .reload = config::Reload::kNo}},
    {"file_bytes_max",
     config::Of<&UploadSettings::file_bytes_max>,
     {.doc = "Bytes of one file; a longer one is refused with too_long. 0: nothing can be uploaded.",
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"user_bytes_max",
     config::Of<&UploadSettings::user_bytes_max>,
     {.doc =
          "Bytes of all files of one user that are kept, where a file counts as 4,096 at least; one more is "
          "refused with quota_exceeded. 0: no limit.",
      .max = 1024 * 1024 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"total_bytes_max",
     config::Of<&UploadSettings::total_bytes_max>,
     {.doc = "Bytes of all files that are kept, counted in the same way; one more is refused with "
             "storage_full, as "
             "when the disk is full. 0: no limit.",
      .max = 1024 * 1024 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"concurrent_max",
     config::Of<&UploadSettings::concurrent_max>,
     {.doc = "Uploads under way on this node; one more is refused with unavailable.",
      .min = 1,
      .max = 10'000,
      .reload = config::Reload::kNo}},
    {"concurrent_per_user_max",
     config::Of<&UploadSettings::concurrent_per_user_max>,
     {.doc = "Of these, those of one user; one more is refused with rate_limited.",
      .min = 1,
      .max = 10'000,
      .reload = config::Reload::kNo}},
    {"unused_ttl",
     config::Of<&UploadSettings::unused_ttl>,
     {.doc = "How long a file is kept that was uploaded and is in no message.",
      .min = 1'000,
      .max = 30 * 24 * config::kHour,
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<UploadSettings> UploadSection() { return {.rows = kUploads, .check = nullptr}; }

std::string FolderOf(const UploadSettings& settings, const std::string& sqlite_path) {
  if (!settings.folder.empty() || sqlite_path.empty()) return settings.folder;
  return sqlite_path + "-uploads";
}

}  // namespace tidemill::chat
