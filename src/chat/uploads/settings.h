// Settings of attachments: chat.uploads.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::chat {

struct UploadSettings {
  std::string folder;                           // "": beside the embedded database
  std::uint64_t file_bytes_max = 25u << 20;     // 0: nothing is uploaded
  std::uint64_t user_bytes_max = 1ull << 30;    // of all that one user has uploaded; 0: no limit
  std::uint64_t total_bytes_max = 10ull << 30;  // of all; 0: no limit
  std::uint32_t concurrent_max = 200;           // uploads under way on this node
  std::uint32_t concurrent_per_user_max = 4;    // of one user
  Duration unused_ttl = Hours(24);              // of what is uploaded and not sent
  friend bool operator==(const UploadSettings&, const UploadSettings&) = default;
};

config::Section<UploadSettings> UploadSection();

// Where the files are: `folder`, or beside the embedded database; "": nowhere, and nothing is uploaded.
std::string FolderOf(const UploadSettings& settings, const std::string& sqlite_path);

}  // namespace tidemill::chat
