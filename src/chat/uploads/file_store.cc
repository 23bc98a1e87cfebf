#include "chat/uploads/file_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/ascii.h"
#include "base/hex.h"
#include "base/random.h"
#include "net/task_scope.h"

namespace tidemill::chat {
namespace {

constexpr char kDrafts[] = "drafts";
constexpr std::size_t kKeyLetters = 32;
constexpr int kFileFlags = O_CLOEXEC | O_NOFOLLOW;

std::unexpected<Error> Failed(std::string_view what) {
  const int why = errno;
  const bool is_full = why == ENOSPC || why == EDQUOT || why == EFBIG;
  Errc code = is_full ? Errc::kRefused : Errc::kUnavailable;
  if (why == ENOENT) code = Errc::kNotFound;
  return Fail(code, std::string(what) + ": " + std::strerror(why));
}

std::string MakeKey() {
  std::array<std::byte, kKeyLetters / 2> bytes;
  FillRandom(bytes);
  return HexEncode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool IsKey(std::string_view key) {
  return key.size() == kKeyLetters &&
         std::ranges::all_of(key, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

std::string FolderOfKey(std::string_view key) { return std::string(key.substr(0, 2)); }
std::string PathOfKey(std::string_view key) { return FolderOfKey(key) + "/" + std::string(key); }

Result<net::Fd> OpenFolder(int at, const std::string& path) {
  if (mkdirat(at, path.c_str(), 0700) != 0 && errno != EEXIST) return Failed("cannot make " + path);
  net::Fd fd(openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Failed("cannot open " + path);
  if (faccessat(fd.get(), ".", W_OK | X_OK, 0) != 0) return Failed("cannot write to " + path);
  return fd;
}

Result<void> WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write an upload");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Fewer than asked for only at the end of the file.
Result<std::string> ReadAt(int fd, std::uint64_t at, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t more = pread(fd, text.data() + got, bytes - got, static_cast<off_t>(at + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return Failed("cannot read a file");
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  text.resize(got);
  return text;
}

Result<std::size_t> RemoveUnchanged(int folder, std::time_t before) {
  const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const entries = fd < 0 ? nullptr : fdopendir(fd);
  if (entries == nullptr) return Failed("cannot list drafts");
  std::size_t removed = 0;
  while (const dirent* const entry = readdir(entries)) {
    struct stat facts{};
    if (!IsKey(entry->d_name)) continue;
    if (fstatat(folder, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (facts.st_mtime < before && unlinkat(folder, entry->d_name, 0) == 0) ++removed;
  }
  closedir(entries);
  return removed;
}

}  // namespace

// Removed with its last owner, on whichever thread that is.
struct FileStore::Written {
  Written(std::shared_ptr<const net::Fd> f, std::string k, net::Fd opened)
      : folder(std::move(f)), key(std::move(k)), fd(std::move(opened)) {}
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() {
    if (!is_kept) unlinkat(folder->get(), key.c_str(), 0);
  }

  const std::shared_ptr<const net::Fd> folder;  // of drafts
  const std::string key;
  const net::Fd fd;
  bool is_kept = false;  // one thread at a time
};

FileStore::FileStore(Options options, net::Fd folder, net::Fd drafts)
    : options_(std::move(options)),
      folder_(std::make_shared<const net::Fd>(std::move(folder))),
      drafts_(std::make_shared<const net::Fd>(std::move(drafts))) {}

FileStore::~FileStore() = default;

Result<std::unique_ptr<FileStore>> FileStore::Open(Options options) {
  TM_TRY_ASSIGN(net::Fd folder, OpenFolder(AT_FDCWD, options.folder));
  auto drafts = OpenFolder(folder.get(), kDrafts);
  if (!drafts) return Fail(drafts.error().code, options.folder + ": " + drafts.error().detail);
  std::unique_ptr<FileStore> store(new FileStore(std::move(options), std::move(folder), *std::move(drafts)));
  for (std::size_t i = 0; i < store->options_.threads; ++i) {
    TM_TRY_ASSIGN(auto worker,
                  net::Worker::Start({.name = "tm-files", .accepted_max = store->options_.waiting_max}));
    store->workers_.push_back(std::move(worker));
  }
  return store;
}

net::Worker& FileStore::Idlest() const {
  return **std::ranges::min_element(workers_, {}, [](const auto& worker) { return worker->depth(); });
}

std::size_t FileStore::depth() const {
  std::size_t depth = 0;
  for (const auto& worker : workers_) depth += worker->depth();
  return depth;
}

FileStore::Draft::~Draft() {
  if (file_) store_->Discard(*loop_, std::move(file_));
}

// Taking many bytes off a disk takes time. Nobody waits for it, and what was accepted runs to its end.
void FileStore::Discard(net::Loop& loop, std::shared_ptr<Written> file) {
  TaskScope scope;
  scope.Spawn([](FileStore& store, net::Loop& loop_of_draft, std::shared_ptr<Written> last) -> Task<void> {
    (void)co_await store.Idlest().Run(loop_of_draft,
                                      [file_of_draft = std::move(last)]() mutable { file_of_draft.reset(); });
  }(*this, loop, std::move(file)));
}

Task<Result<FileStore::Draft>> FileStore::Begin(net::Loop& loop) {
  std::string key = MakeKey();
  auto file = co_await Idlest().Run(loop, [folder = drafts_, key]() -> Result<std::shared_ptr<Written>> {
    net::Fd fd(openat(folder->get(), key.c_str(), O_RDWR | O_CREAT | O_EXCL | kFileFlags, 0600));
    if (!fd) return Failed("cannot make a file");
    return std::make_shared<Written>(folder, key, std::move(fd));
  });
  if (!file) co_return std::unexpected(std::move(file).error());
  co_return Draft(*this, loop, std::move(key), *std::move(file));
}

Task<Result<void>> FileStore::Append(const Draft& draft, std::string bytes) {
  return Idlest().Run(
      *draft.loop_, [file = draft.file_, text = std::move(bytes)] { return WriteAll(file->fd.get(), text); });
}

Task<Result<FileType>> FileStore::Finish(const Draft& draft) {
  return Idlest().Run(*draft.loop_, [file = draft.file_]() -> Result<FileType> {
    if (fsync(file->fd.get()) != 0) return Failed("cannot sync an upload");
    TM_TRY_ASSIGN(const std::string head, ReadAt(file->fd.get(), 0, kSniffedBytes));
    return SniffFile(head);
  });
}

Task<Result<void>> FileStore::Keep(const Draft& draft) {
  return Idlest().Run(*draft.loop_, [file = draft.file_, folder = folder_]() -> Result<void> {
    const std::string to = FolderOfKey(file->key);
    const bool is_new = mkdirat(folder->get(), to.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) return Failed("cannot make a folder");
    const net::Fd into(openat(folder->get(), to.c_str(), O_RDONLY | O_DIRECTORY | kFileFlags));
    if (!into) return Failed("cannot open a folder");
    if (renameat(file->folder->get(), file->key.c_str(), into.get(), file->key.c_str()) != 0) {
      return Failed("cannot give an upload its place");
    }
    file->is_kept = true;
    if (fsync(into.get()) != 0 || (is_new && fsync(folder->get()) != 0))
      return Failed("cannot sync a folder");
    return {};
  });
}

Task<Result<std::shared_ptr<const FileStore::Opened>>> FileStore::OpenFile(net::Loop& loop, std::string key) {
  return Idlest().Run(
      loop, [folder = folder_, name = std::move(key)]() -> Result<std::shared_ptr<const Opened>> {
        if (!IsKey(name)) return Fail(Errc::kNotFound, "that is no file's name");
        net::Fd fd(openat(folder->get(), PathOfKey(name).c_str(), O_RDONLY | kFileFlags));
        if (!fd) return Failed("cannot open " + name);
        struct stat facts{};
        if (fstat(fd.get(), &facts) != 0) return Failed("cannot look at " + name);
        return std::make_shared<const Opened>(std::move(fd), static_cast<std::uint64_t>(facts.st_size));
      });
}

Task<Result<std::string>> FileStore::Read(net::Loop& loop, std::shared_ptr<const Opened> file, Part part) {
  return Idlest().Run(loop, [opened = std::move(file), part]() -> Result<std::string> {
    TM_TRY_ASSIGN(std::string bytes, ReadAt(opened->fd.get(), part.at, part.bytes));
    if (bytes.size() < part.bytes) return Fail(Errc::kUnavailable, "a file has become shorter");
    return bytes;
  });
}

Task<Result<void>> FileStore::Remove(net::Loop& loop, std::string key) {
  return Idlest().Run(loop, [folder = folder_, name = std::move(key)]() -> Result<void> {
    if (!IsKey(name)) return {};
    if (unlinkat(folder->get(), PathOfKey(name).c_str(), 0) == 0 || errno == ENOENT) return {};
    return Failed("cannot remove " + name);
  });
}

Task<Result<std::size_t>> FileStore::RemoveDrafts(net::Loop& loop, Duration unchanged_for) {
  return Idlest().Run(loop, [folder = drafts_, unchanged_for] {
    return RemoveUnchanged(folder->get(), std::time(nullptr) - unchanged_for.ms / 1000);
  });
}

}  // namespace tidemill::chat
