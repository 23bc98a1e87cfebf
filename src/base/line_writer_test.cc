#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace tidemill::log {
namespace {

constexpr Duration kLong = Minutes(2);

// A pipe, full or with room, and what came out of it.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reading_ = ends[0];
    writing_ = ends[1];
  }
  ~Pipe() {
    CloseReader();
    close(writing_);
  }
  int writing() const { return writing_; }

  std::size_t Fill() {
    fcntl(writing_, F_SETFL, O_NONBLOCK);
    std::size_t bytes = 0;
    while (write(writing_, "x", 1) == 1) ++bytes;
    fcntl(writing_, F_SETFL, 0);
    return bytes;
  }
  // Reads so many bytes, waiting for them.
  std::string Read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    std::size_t got = 0;
    while (got < bytes) {
      const ssize_t more = read(reading_, text.data() + got, bytes - got);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    text.resize(got);
    return text;
  }
  // What is there now.
  std::string ReadAvailable() const {
    std::string text;
    pollfd readable{.fd = reading_, .events = POLLIN, .revents = 0};
    while (poll(&readable, 1, 0) > 0 && (readable.revents & POLLIN) != 0) text += Read(1);
    return text;
  }
  void CloseReader() {
    if (reading_ >= 0) close(std::exchange(reading_, -1));
  }

 private:
  int reading_ = -1;
  int writing_ = -1;
};

std::string Describe(std::uint64_t lines) { return "dropped " + std::to_string(lines); }

LineWriterOptions To(const Pipe& pipe, std::size_t waiting_bytes_max = 1000) {
  return {.descriptor = pipe.writing(),
          .waiting_bytes_max = waiting_bytes_max,
          .end_patience = Milliseconds(50),
          .describe_dropped = Describe};
}

TEST(LineWriter, WritesLinesInOrder) {
  const Pipe pipe;
  LineWriter writer(To(pipe));
  writer.Add("first");
  writer.Add("second");
  ASSERT_TRUE(writer.Flush(kLong));
  EXPECT_EQ(pipe.ReadAvailable(), "first\nsecond\n");
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST(LineWriter, DropsWhatHasNoRoomAndSaysItWhereItIsMissing) {
  Pipe pipe;
  const std::size_t filler = pipe.Fill();
  LineWriter writer(To(pipe, 40));
  for (int i = 0; i < 10; ++i) writer.Add("a line of 19 bytes" + std::to_string(i));
  EXPECT_EQ(writer.dropped(), 8u);
  EXPECT_LE(writer.waiting_bytes(), 40u);
  EXPECT_FALSE(writer.Flush(Milliseconds(20)));
  pipe.Read(filler);
  EXPECT_EQ(pipe.Read(50), "a line of 19 bytes0\na line of 19 bytes1\ndropped 8\n");
  writer.Add("later");
  ASSERT_TRUE(writer.Flush(kLong));
  EXPECT_EQ(pipe.ReadAvailable(), "later\n");
  EXPECT_EQ(writer.dropped(), 8u);
}

TEST(LineWriter, ItsEndWaitsForAReaderButNotForEver) {
  const MonotonicTime begun = SystemClock().Now();
  Pipe pipe;
  const std::size_t filler = pipe.Fill();
  {
    LineWriter writer(To(pipe));
    writer.Add("waits");
  }
  EXPECT_LT(SystemClock().Now() - begun, kLong);
  pipe.Read(filler);
  EXPECT_EQ(pipe.Read(6), "waits\n");
}

TEST(LineWriter, AReaderThatIsGoneCostsTheLinesOnly) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  LineWriter writer(To(pipe));
  pipe.CloseReader();
  for (int i = 0; i < 3; ++i) {
    writer.Add("lost");
    ASSERT_TRUE(writer.Flush(kLong));
  }
  EXPECT_EQ(writer.dropped(), 3u);
}

TEST(LineWriter, AnswersANonBlockingPipeWithPatience) {
  Pipe pipe;
  const std::size_t filler = pipe.Fill();
  fcntl(pipe.writing(), F_SETFL, O_NONBLOCK);
  LineWriter writer(To(pipe));
  writer.Add("kept");
  EXPECT_FALSE(writer.Flush(Milliseconds(20)));
  pipe.Read(filler);
  EXPECT_EQ(pipe.Read(5), "kept\n");
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST(LineWriter, WritesABurstThatIsLongerThanThePipe) {
  const Pipe pipe;
  LineWriter writer(To(pipe, 1u << 20));
  std::string want;
  for (int i = 0; i < 3000; ++i) {
    const std::string line = std::to_string(i) + std::string(i == 7 ? 9000 : 100, '.');
    writer.Add(line);
    want += line + "\n";
  }
  EXPECT_EQ(pipe.Read(want.size()), want);
  ASSERT_TRUE(writer.Flush(kLong));
  EXPECT_EQ(writer.waiting_bytes(), 0u);
}

TEST(WriteWithin, GivesUpWhereNobodyReads) {
  Pipe pipe;
  EXPECT_TRUE(WriteWithin(pipe.writing(), "last words", Milliseconds(20)));
  pipe.Fill();
  EXPECT_FALSE(WriteWithin(pipe.writing(), "more", Milliseconds(20)));
}

}  // namespace
}  // namespace tidemill::log
