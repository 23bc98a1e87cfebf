// FaultVfs: SQLite's way to the disk, with a disk that fails when a test says so, that counts who writes
// what, and that remembers what a power failure would leave.
//
// The system's own VFS does the work. Any thread; it outlives the connections that use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

struct sqlite3_file;
struct sqlite3_vfs;

namespace tidemill::sqlite::testing {

enum class Fault : std::uint8_t {
  kIoError,     // of a write, a sync or a truncation: nothing of it happens
  kFull,        // a write finds no room; a sync or a truncation succeeds
  kShortWrite,  // half of a write happens, then the disk is full; the others as kFull
  kPowerCut,    // nothing works any more from here on
};

class FaultVfs {
 public:
  // Whether each sync copies the file, for WriteSurvivors.
  enum class Remembers : std::uint8_t { kNothing, kSynced };
  explicit FaultVfs(Remembers remembers);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const std::string& name() const { return name_; }

  // The n-th operation from now on, from 1, that changes a file fails so; later ones go well again, but for
  // kPowerCut. 0: none.
  void FailAt(std::size_t n, Fault fault);
  // Every one fails so from now on, until Heal.
  void FailAll(Fault fault);
  void Heal();
  bool has_failed() const;

  struct Counts {
    std::size_t operations = 0;          // that change a file
    std::size_t syncs = 0;               //
    std::size_t writes_of_database = 0;  // to the database's file, not the log
    std::size_t writes_of_readers =
        0;  // by connections that were opened to read, to any file but shared memory
  };
  Counts counts() const;

  enum class Kept : std::uint8_t { kSynced, kSyncedAndHalfOfTheRest };
  // Writes the files into `folder` as a power failure would leave them now.
  void WriteSurvivors(const std::string& folder, Kept kept) const;

  // For the functions of the VFS.
  struct File;
  enum class Verdict : std::uint8_t { kGo, kIoError, kFull, kHalf };
  Verdict Judge(const File& file, bool is_write, bool is_sync);
  void NoteSynced(const File& file);
  void NoteOpened(const File& file);
  void NoteDeleted(const std::string& path);
  sqlite3_vfs& real() const { return *real_; }

 private:
  const std::string name_;
  const Remembers remembers_;
  sqlite3_vfs* const real_;
  const std::unique_ptr<sqlite3_vfs> vfs_;
  mutable std::mutex mutex_;
  Counts counts_;
  std::size_t fail_in_ = 0;
  Fault fault_ = Fault::kIoError;
  bool fails_ = false;  // every one
  bool has_failed_ = false;
  std::map<std::string, std::string> synced_;  // content of each file, as it was last synced
};

}  // namespace tidemill::sqlite::testing
