#include "queries/files/testing/folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/assert.h"

namespace tidemill::files::testing {

namespace fs = std::filesystem;

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "tidemill-files-XXXXXX").string();
  TM_ASSERT(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() { fs::remove_all(path_); }

std::string Folder::Of(std::string_view name) const { return path_ + "/" + std::string(name); }

void Folder::Write(std::string_view name, std::string_view text) const {
  fs::create_directories(fs::path(Of(name)).parent_path());
  std::ofstream file(Of(name), std::ios::binary | std::ios::trunc);
  file << text;
  TM_ASSERT(file.flush().good());
}

void Folder::WriteAside(std::string_view name, std::string_view text) const {
  const std::string aside = std::string(name) + "~new";
  Write(aside, text);
  Rename(aside, name);
}

void Folder::MakeFolder(std::string_view name) const { fs::create_directories(Of(name)); }

void Folder::Link(std::string_view name, const std::string& target) const {
  fs::create_directories(fs::path(Of(name)).parent_path());
  fs::create_symlink(target, Of(name));
}

void Folder::Rename(std::string_view from, std::string_view to) const { fs::rename(Of(from), Of(to)); }

void Folder::Remove(std::string_view name) const { fs::remove_all(Of(name)); }

DescriptorLimit::DescriptorLimit(int left) {
  TM_ASSERT(getrlimit(RLIMIT_NOFILE, &before_) == 0);
  // The lowest that is free.
  const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  TM_ASSERT(next >= 0 && close(next) == 0);
  const rlimit limit{.rlim_cur = static_cast<rlim_t>(next + left), .rlim_max = before_.rlim_max};
  TM_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

DescriptorLimit::~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

}  // namespace tidemill::files::testing
