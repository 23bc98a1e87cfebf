#include "chat/uploads/file_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::chat {
namespace {

class FileStoreTest : public testing::Test {
 protected:
  FileStoreTest() {
    char name[] = "/tmp/tidemill-files-XXXXXX";
    folder_ = std::string(mkdtemp(name)) + "/files";
    store_ = *FileStore::Open({.folder = folder_});
  }
  ~FileStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(std::filesystem::path(folder_).parent_path());
  }

  template <class T>
  T Run(Task<T> task) {
    std::optional<T> result;
    TaskScope scope;
    scope.Spawn([](Task<T> awaited, std::optional<T>& into) -> Task<void> {
      into.emplace(co_await std::move(awaited));
    }(std::move(task), result));
    EXPECT_TRUE(net::testing::RunUntil(*loop_, [&] { return result.has_value(); }));
    return *std::move(result);
  }
  FileStore::Draft Begin() { return *Run(store_->Begin(*loop_)); }
  std::string ReadAll(const std::string& key) {
    const auto file = Run(store_->OpenFile(*loop_, key));
    if (!file) return std::string(Name(file.error().code));
    return *Run(store_->Read(*loop_, *file, {.at = 0, .bytes = (*file)->size}));
  }
  std::size_t Drafts() { return Count(folder_ + "/drafts"); }
  static std::size_t Count(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
  }
  bool RunUntilDrafts(std::size_t count) {
    return net::testing::RunUntil(*loop_, [&] { return Drafts() == count; });
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  std::string folder_;
  std::unique_ptr<FileStore> store_;
};

TEST_F(FileStoreTest, KeepsWhatIsWrittenAndGivesPartsOfIt) {
  FileStore::Draft draft = Begin();
  const std::string key = draft.key();
  ASSERT_TRUE(Run(store_->Append(draft, "%PDF-")));
  ASSERT_TRUE(Run(store_->Append(draft, "1.7 and more")));
  EXPECT_EQ(Run(store_->Finish(draft))->type, "application/pdf");
  EXPECT_EQ(ReadAll(key), "not_found") << "it has no place yet";
  ASSERT_TRUE(Run(store_->Keep(draft)));
  EXPECT_EQ(Drafts(), 0u);
  EXPECT_EQ(ReadAll(key), "%PDF-1.7 and more");
  const auto file = *Run(store_->OpenFile(*loop_, key));
  EXPECT_EQ(file->size, 17u);
  EXPECT_EQ(*Run(store_->Read(*loop_, file, {.at = 5, .bytes = 3})), "1.7");
  EXPECT_EQ(Run(store_->Read(*loop_, file, {.at = 10, .bytes = 30})).error().code, Errc::kUnavailable);

  struct stat facts{};
  ASSERT_EQ(stat((folder_ + "/" + key.substr(0, 2) + "/" + key).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(folder_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);

  EXPECT_TRUE(Run(store_->Remove(*loop_, key)));
  EXPECT_EQ(ReadAll(key), "not_found");
  EXPECT_TRUE(Run(store_->Remove(*loop_, key))) << "is nothing the second time";
  EXPECT_EQ(*Run(store_->Read(*loop_, file, {.at = 0, .bytes = 5})), "%PDF-") << "who reads it goes on";
}

TEST_F(FileStoreTest, ADraftThatIsNotKeptIsGone) {
  {
    const FileStore::Draft draft = Begin();
    ASSERT_TRUE(Run(store_->Append(draft, "abc")));
    EXPECT_EQ(Drafts(), 1u);
  }
  EXPECT_TRUE(RunUntilDrafts(0));
}

TEST_F(FileStoreTest, ADraftMayEndWhileItIsWritten) {
  {
    const FileStore::Draft draft = Begin();
    TaskScope scope;
    scope.Spawn([](Task<Result<void>> written) -> Task<void> {
      (void)co_await std::move(written);
    }(store_->Append(draft, std::string(1 << 20, 'x'))));
  }
  EXPECT_TRUE(RunUntilDrafts(0));
}

TEST_F(FileStoreTest, NothingIsAPathThatWasNotMadeHere) {
  std::ofstream(folder_ + "/secret") << "secret";
  for (const char* const key :
       {"../secret", "secret", "", ".", "drafts/../secret", "/etc/passwd", "0123456789abcdef0123456789abcdeg",
        "0123456789ABCDEF0123456789ABCDEF", "../../../../../../../../etc/host"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(ReadAll(key), "not_found");
    EXPECT_TRUE(Run(store_->Remove(*loop_, key)));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/secret"));
  // Nor what somebody has put there to lead elsewhere.
  const std::string key = "0123456789abcdef0123456789abcdef";
  std::filesystem::create_directory(folder_ + "/01");
  std::filesystem::create_symlink(folder_ + "/secret", folder_ + "/01/" + key);
  EXPECT_EQ(ReadAll(key), "unavailable");
}

TEST_F(FileStoreTest, OldDraftsAreRemoved) {
  const std::string old = folder_ + "/drafts/0123456789abcdef0123456789abcdef";
  std::ofstream(old) << "of a process that died";
  std::filesystem::last_write_time(old,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(7));
  const FileStore::Draft draft = Begin();
  EXPECT_EQ(*Run(store_->RemoveDrafts(*loop_, Hours(6))), 1u);
  EXPECT_EQ(Drafts(), 1u);
}

TEST_F(FileStoreTest, AFolderThatCannotBeHadIsNamed) {
  std::ofstream(folder_ + "/plain") << "x";
  const auto opened = FileStore::Open({.folder = folder_ + "/plain"});
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().detail.contains(folder_ + "/plain")) << opened.error().detail;
  EXPECT_FALSE(FileStore::Open({.folder = folder_ + "/no/such"}));
}

TEST_F(FileStoreTest, WhatWaitsForTheDiskIsBounded) {
  const auto small = *FileStore::Open({.folder = folder_, .threads = 1, .waiting_max = 2});
  std::vector<FileStore::Draft> drafts;
  TaskScope scope;
  int refused = 0;
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    scope.Spawn([](Task<Result<FileStore::Draft>> begun, int& no, int& all) -> Task<void> {
      const auto draft = co_await std::move(begun);
      if (!draft && draft.error().code == Errc::kLimitExceeded) ++no;
      ++all;
    }(small->Begin(*loop_), refused, done));
  }
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(net::testing::RunUntil(*loop_, [&] { return done == 50; }));
  EXPECT_LT(refused, 50);
}

}  // namespace
}  // namespace tidemill::chat
