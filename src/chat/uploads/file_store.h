// FileStore: the bytes of uploaded files, in a folder, written and read on threads of its own.
//
// A file is FOLDER/ab/abcd…: 32 hexadecimal digits that are made here, so that nothing a client says becomes
// a part of a path. It is written as FOLDER/drafts/abcd… and gets its place when it is whole and synced: what
// stands there survives a power failure, and what a process left behind when it died is a draft.
// Any loop; ends before the loops that it answers. What fails says so in words for the log: kRefused: the
// disk is full; kNotFound: there is no such file; kLimitExceeded: too much waits for the disk.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/uploads/file_type.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/task.h"
#include "net/worker.h"

namespace tidemill::chat {

class FileStore {
  struct Written;  // a draft's file

 public:
  struct Options {
    std::string folder;
    std::size_t threads = 2;
    std::size_t waiting_max = 4'000;  // of each thread
  };
  // Makes the folder (0700) if it is missing. The detail names the folder and says why not.
  static Result<std::unique_ptr<FileStore>> Open(Options options);
  ~FileStore();

  // A file that is being written, on one loop. One that goes without having been kept takes its bytes with
  // it.
  class Draft {
   public:
    Draft() = default;
    Draft(Draft&& other) noexcept = default;
    Draft& operator=(Draft&&) = delete;
    ~Draft();
    const std::string& key() const { return key_; }

   private:
    friend class FileStore;
    Draft(FileStore& store, net::Loop& loop, std::string key, std::shared_ptr<Written> file)
        : store_(&store), loop_(&loop), key_(std::move(key)), file_(std::move(file)) {}

    FileStore* store_ = nullptr;
    net::Loop* loop_ = nullptr;
    std::string key_;
    std::shared_ptr<Written> file_;
  };
  Task<Result<Draft>> Begin(net::Loop& loop);
  Task<Result<void>> Append(const Draft& draft, std::string bytes);
  // Syncs it, and says what it is.
  Task<Result<FileType>> Finish(const Draft& draft);
  // From now on the file is there.
  Task<Result<void>> Keep(const Draft& draft);

  // A file that is read. Any thread.
  struct Opened {
    net::Fd fd;
    std::uint64_t size = 0;
  };
  Task<Result<std::shared_ptr<const Opened>>> OpenFile(net::Loop& loop, std::string key);
  struct Part {
    std::uint64_t at = 0;
    std::size_t bytes = 0;
  };
  // As many as were asked for: a file does not become shorter.
  Task<Result<std::string>> Read(net::Loop& loop, std::shared_ptr<const Opened> file, Part part);

  // Nothing for one that is not there.
  Task<Result<void>> Remove(net::Loop& loop, std::string key);
  // Drafts that nobody has written to for so long; how many.
  Task<Result<std::size_t>> RemoveDrafts(net::Loop& loop, Duration unchanged_for);

  // What waits for the disk and what is at it.
  std::size_t depth() const;

 private:
  FileStore(Options options, net::Fd folder, net::Fd drafts);
  net::Worker& Idlest() const;
  void Discard(net::Loop& loop, std::shared_ptr<Written> file);

  const Options options_;
  // Shared with the work that was accepted.
  const std::shared_ptr<const net::Fd> folder_;
  const std::shared_ptr<const net::Fd> drafts_;
  std::vector<std::unique_ptr<net::Worker>> workers_;
};

}  // namespace tidemill::chat
