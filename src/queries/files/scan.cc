#include "queries/files/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/hex.h"
#include "base/utf8.h"
#include "net/socket.h"
#include "queries/files/lexer.h"

namespace tidemill::files {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
struct Free {
  void operator()(char* text) const { std::free(text); }
};

std::optional<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, Free> real(realpath(path.c_str(), nullptr));
  return real ? std::optional<std::string>(real.get()) : std::nullopt;
}

std::string Why(int error) { return std::strerror(error); }

// A name that can be shown.
bool IsPrintable(std::string_view name) {
  if (!IsUtf8(name)) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

class Scanner {
 public:
  Scanner(const ScanOptions& options, const FileSet* previous, const BeforeListing& before_listing)
      : options_(options), previous_(previous), before_listing_(before_listing) {}

  FileSet Run() {
    auto root = RealPath(options_.folder);
    struct stat facts{};
    if (!root || stat(root->c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
      FileSet set;
      set.found = false;
      set.try_again = true;
      set.problems.push_back({.path = "",
                              .problem = {.kind = ProblemKind::kFile,
                                          .message = options_.folder + " is no folder that can be read"}});
      return set;
    }
    root_ = *std::move(root);
    ReadFolder(root_, "", 0);
    FileSet set = MakeFileSet(std::move(files_), std::move(problems_), options_.reserved_routes);
    set.try_again = try_again_;
    return set;
  }

 private:
  void Report(const std::string& path, ProblemKind kind, std::string message, std::string hint = {}) {
    problems_.push_back(
        {.path = path, .problem = {.kind = kind, .message = std::move(message), .hint = std::move(hint)}});
  }
  void KeepUnread(const std::string& path, std::string message, std::string hint = {}) {
    Problem why{.kind = ProblemKind::kFile, .message = std::move(message), .hint = std::move(hint)};
    files_.push_back(std::make_shared<const File>(UnreadFile(path, std::move(why))));
  }
  // Another time it may be readable, and nobody may tell.
  void KeepUnread(const std::string& path, int error) {
    try_again_ = true;
    KeepUnread(path, "it cannot be read: " + Why(error));
  }
  void Stop(std::string message) {
    if (!stopped_) Report("", ProblemKind::kLimit, std::move(message), "what lies beyond is not served");
    stopped_ = true;
  }

  void ReadFolder(const std::string& real, const std::string& path, std::size_t depth);
  void ReadEntry(const std::string& real, const std::string& path, const dirent& entry, std::size_t depth);
  void ReadLink(const std::string& real, const std::string& path);
  void ReadFile(const std::string& real, const std::string& path);
  void Keep(const std::string& path, std::string bytes);
  std::shared_ptr<const File> Known(const std::string& path, const std::string& sha256) const;

  const ScanOptions& options_;
  const FileSet* const previous_;
  const BeforeListing& before_listing_;
  std::string root_;
  std::size_t entries_ = 0;
  std::size_t queries_ = 0;
  std::uint64_t bytes_ = 0;
  bool stopped_ = false;
  bool try_again_ = false;
  std::vector<std::shared_ptr<const File>> files_;
  std::vector<FileProblem> problems_;
};

void Scanner::ReadFolder(const std::string& real, const std::string& path, std::size_t depth) {
  if (depth > options_.limits.depth) {
    return Report(path, ProblemKind::kLimit,
                  "more than " + std::to_string(options_.limits.depth) + " folders within each other");
  }
  if (before_listing_) before_listing_(real);
  const std::unique_ptr<DIR, CloseFolder> folder(opendir(real.c_str()));
  if (!folder) {
    if (errno == ENOENT) return;  // gone meanwhile
    try_again_ = true;
    return Report(path, ProblemKind::kFile, "the folder cannot be read: " + Why(errno));
  }
  while (!stopped_) {
    const dirent* const entry = readdir(folder.get());
    if (entry == nullptr) return;
    if (entry->d_name[0] == '.') continue;
    if (++entries_ > options_.limits.entries) {
      return Stop("more than " + std::to_string(options_.limits.entries) + " names in it");
    }
    const std::string name = entry->d_name;
    if (!IsPrintable(name)) {
      Report(path, ProblemKind::kFile, "a name that is no text; in hexadecimal digits: " + HexEncode(name));
      continue;
    }
    ReadEntry(real + "/" + name, path.empty() ? name : path + "/" + name, *entry, depth);
  }
}

void Scanner::ReadEntry(const std::string& real, const std::string& path, const dirent& entry,
                        std::size_t depth) {
  unsigned char type = entry.d_type;
  if (type == DT_UNKNOWN) {
    struct stat facts{};
    if (lstat(real.c_str(), &facts) != 0) return;  // gone meanwhile
    type = S_ISDIR(facts.st_mode)   ? DT_DIR
           : S_ISLNK(facts.st_mode) ? DT_LNK
           : S_ISREG(facts.st_mode) ? DT_REG
                                    : DT_FIFO;
  }
  if (type == DT_DIR) return ReadFolder(real, path, depth + 1);
  Problems of_name;
  const FileKind kind = ParseFileName(path, of_name).kind;
  if (type == DT_LNK) {
    struct stat facts{};
    const bool folder = stat(real.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
    if (folder) return Report(path, ProblemKind::kFile, "a link to a folder", "move the folder here");
  }
  if (kind == FileKind::kIgnored) {
    for (Problem& problem : of_name.Take())
      problems_.push_back({.path = path, .problem = std::move(problem)});
    return;
  }
  if (files_.size() == options_.limits.files) {
    return Stop("more than " + std::to_string(options_.limits.files) + " .sql files in it");
  }
  if (type == DT_LNK) return ReadLink(real, path);
  if (type != DT_REG) return KeepUnread(path, "no file that can be read: a device or a pipe");
  ReadFile(real, path);
}

void Scanner::ReadLink(const std::string& real, const std::string& path) {
  const auto target = RealPath(real);
  if (!target) return KeepUnread(path, "a link that leads nowhere");
  if (!target->starts_with(root_ == "/" ? root_ : root_ + "/")) {
    return KeepUnread(path, "a link out of the folder", "copy the file into it");
  }
  ReadFile(*target, path);
}

void Scanner::ReadFile(const std::string& real, const std::string& path) {
  // O_NONBLOCK: a pipe that took the file's place must not stop the scan.
  const net::Fd fd(open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat facts{};
  if (!fd || fstat(fd.get(), &facts) != 0) {
    if (errno != ENOENT) KeepUnread(path, errno);
    return;
  }
  if (!S_ISREG(facts.st_mode)) return KeepUnread(path, "no file that can be read: a device or a pipe");
  // One byte more than is accepted: parsing then says that it is too large.
  constexpr std::size_t kMax = LexLimits::kFileBytes + 4;
  std::string bytes(std::min(kMax, static_cast<std::size_t>(facts.st_size) + 1), '\0');
  std::size_t size = 0;
  while (size < kMax) {
    if (size == bytes.size()) bytes.resize(std::min(kMax, size * 2 + 4096));
    const ssize_t got = read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return KeepUnread(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  bytes_ += size;
  if (bytes_ > options_.limits.bytes) {
    return Stop("more than " + std::to_string(options_.limits.bytes) + " bytes in its files");
  }
  Keep(path, std::move(bytes));
}

// The file as it was in the previous set, if its bytes are the same.
std::shared_ptr<const File> Scanner::Known(const std::string& path, const std::string& sha256) const {
  if (previous_ == nullptr) return nullptr;
  const auto found = std::ranges::lower_bound(
      previous_->files, path, {}, [](const auto& file) -> const std::string& { return file->path; });
  const bool same = found != previous_->files.end() && (*found)->path == path && (*found)->sha256 == sha256;
  return same ? *found : nullptr;
}

void Scanner::Keep(const std::string& path, std::string bytes) {
  auto file = Known(path, Sha256(bytes));
  if (!file) file = std::make_shared<const File>(LoadFile(path, std::move(bytes), options_.dialect));
  queries_ += file->queries.size();
  if (queries_ > options_.limits.queries) {
    return Stop("more than " + std::to_string(options_.limits.queries) + " queries in its files");
  }
  files_.push_back(std::move(file));
}

}  // namespace

std::shared_ptr<const FileSet> Scan(const ScanOptions& options, const FileSet* previous,
                                    const BeforeListing& before_listing) {
  return std::make_shared<const FileSet>(Scanner(options, previous, before_listing).Run());
}

}  // namespace tidemill::files
