#include "sqlite/testing/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <new>

#include "base/assert.h"

namespace tidemill::sqlite::testing {

// The real one lies behind it in the memory that SQLite gives.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* vfs;
  sqlite3_file* real;
  const char* path;  // SQLite's, as long as the file is open
  int flags;

  static File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  bool is_database() const { return (flags & SQLITE_OPEN_MAIN_DB) != 0; }
  bool is_reader() const { return (flags & SQLITE_OPEN_READONLY) != 0; }
};

namespace {

using File = FaultVfs::File;
using Verdict = FaultVfs::Verdict;

std::string ContentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return "";
  std::string content(static_cast<std::size_t>(in.tellg()), '\0');
  in.seekg(0);
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

std::string NextName() {
  static std::atomic<int> next{0};
  return "fault-" + std::to_string(next++);
}

int Close(sqlite3_file* file) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods == nullptr ? SQLITE_OK : real->pMethods->xClose(real);
}
int Read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xRead(real, into, bytes, at);
}
int Write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 at) {
  const File& self = File::Of(file);
  switch (self.vfs->Judge(self, true, false)) {
    case Verdict::kIoError: return SQLITE_IOERR_WRITE;
    case Verdict::kFull: return SQLITE_FULL;
    case Verdict::kHalf: self.real->pMethods->xWrite(self.real, data, bytes / 2, at); return SQLITE_FULL;
    case Verdict::kGo: break;
  }
  return self.real->pMethods->xWrite(self.real, data, bytes, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const File& self = File::Of(file);
  if (self.vfs->Judge(self, false, false) == Verdict::kIoError) return SQLITE_IOERR_TRUNCATE;
  return self.real->pMethods->xTruncate(self.real, size);
}
int Sync(sqlite3_file* file, int flags) {
  const File& self = File::Of(file);
  if (self.vfs->Judge(self, false, true) == Verdict::kIoError) return SQLITE_IOERR_FSYNC;
  const int code = self.real->pMethods->xSync(self.real, flags);
  if (code == SQLITE_OK) self.vfs->NoteSynced(self);
  return code;
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xFileSize(real, size);
}
int Lock(sqlite3_file* file, int level) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xLock(real, level);
}
int Unlock(sqlite3_file* file, int level) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xUnlock(real, level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xCheckReservedLock(real, out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xFileControl(real, op, argument);
}
int SectorSize(sqlite3_file* file) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xSectorSize(real);
}
int DeviceCharacteristics(sqlite3_file* file) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xDeviceCharacteristics(real);
}
int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** out) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xShmMap(real, page, bytes, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xShmLock(real, offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) {
  sqlite3_file* const real = File::Of(file).real;
  real->pMethods->xShmBarrier(real);
}
int ShmUnmap(sqlite3_file* file, int remove) {
  sqlite3_file* const real = File::Of(file).real;
  return real->pMethods->xShmUnmap(real, remove);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultVfs& Self(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  FaultVfs& self = Self(vfs);
  auto* const real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
  File* const opened = new (file) File{.base = {.pMethods = nullptr},
                                       .vfs = &self,
                                       .real = real,
                                       .path = path == nullptr ? "" : path,
                                       .flags = flags};
  const int code = self.real().xOpen(&self.real(), path, real, flags, out_flags);
  if (real->pMethods != nullptr) opened->base.pMethods = &kMethods;
  if (code == SQLITE_OK) self.NoteOpened(*opened);
  return code;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  const int code = Self(vfs).real().xDelete(&Self(vfs).real(), path, sync_folder);
  if (code == SQLITE_OK) Self(vfs).NoteDeleted(path);
  return code;
}

}  // namespace

FaultVfs::FaultVfs(Remembers remembers)
    : name_(NextName()),
      remembers_(remembers),
      real_(sqlite3_vfs_find(nullptr)),
      vfs_(std::make_unique<sqlite3_vfs>(*real_)) {
  vfs_->iVersion = 1;  // what follows are system calls to replace, and the real one's
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->pNext = nullptr;
  vfs_->xOpen = Open;
  vfs_->xDelete = Delete;
  TM_ASSERT(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(vfs_.get()); }

void FaultVfs::FailAt(std::size_t n, Fault fault) {
  const std::scoped_lock lock(mutex_);
  fail_in_ = n;
  fault_ = fault;
  has_failed_ = false;
}

void FaultVfs::FailAll(Fault fault) {
  const std::scoped_lock lock(mutex_);
  fails_ = true;
  fault_ = fault;
}

void FaultVfs::Heal() {
  const std::scoped_lock lock(mutex_);
  fails_ = false;
  fail_in_ = 0;
}

bool FaultVfs::has_failed() const {
  const std::scoped_lock lock(mutex_);
  return has_failed_;
}

FaultVfs::Counts FaultVfs::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

Verdict FaultVfs::Judge(const File& file, bool is_write, bool is_sync) {
  const std::scoped_lock lock(mutex_);
  ++counts_.operations;
  if (is_sync) ++counts_.syncs;
  if (!is_sync && file.is_database()) ++counts_.writes_of_database;
  if (!is_sync && file.is_reader()) ++counts_.writes_of_readers;
  const bool now = fail_in_ > 0 && --fail_in_ == 0;
  if (!now && !fails_) return Verdict::kGo;
  has_failed_ = true;
  if (fault_ == Fault::kPowerCut) fails_ = true;
  if (fault_ == Fault::kIoError || fault_ == Fault::kPowerCut) return Verdict::kIoError;
  if (!is_write) return Verdict::kGo;
  return fault_ == Fault::kFull ? Verdict::kFull : Verdict::kHalf;
}

void FaultVfs::NoteSynced(const File& file) {
  if (remembers_ == Remembers::kNothing) return;
  const std::scoped_lock lock(mutex_);
  synced_[file.path] = ContentOf(file.path);
}

// What is there already was there before.
void FaultVfs::NoteOpened(const File& file) {
  if (remembers_ == Remembers::kNothing) return;
  const std::scoped_lock lock(mutex_);
  if (*file.path != '\0') synced_.emplace(file.path, ContentOf(file.path));
}

void FaultVfs::NoteDeleted(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  synced_.erase(path);
}

void FaultVfs::WriteSurvivors(const std::string& folder, Kept kept) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [path, synced] : synced_) {
    std::string content = synced;
    if (kept == Kept::kSyncedAndHalfOfTheRest) {
      // Pages reach a disk in any order: every second one of what has changed since.
      const std::string now = ContentOf(path);
      content.resize(std::max(content.size(), now.size()));
      constexpr std::size_t kPage = 512;
      for (std::size_t at = 0; at < now.size(); at += kPage * 2) content.replace(at, kPage, now, at, kPage);
    }
    std::ofstream(folder + path.substr(path.rfind('/')), std::ios::binary) << content;
  }
}

}  // namespace tidemill::sqlite::testing
