#include "cli/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "net/socket.h"

namespace tidemill::cli {
namespace {

class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    read_ = net::Fd(ends[0]);
    write_ = net::Fd(ends[1]);
  }
  int fd() const { return read_.get(); }
  void Write(std::string_view text) {
    EXPECT_EQ(write(write_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void Close() { write_ = net::Fd(); }

 private:
  net::Fd read_;
  net::Fd write_;
};

// "1:a 2:b", or the error.
std::string Next(LineReader& reader) {
  const auto lines = reader.Next();
  if (!lines) return lines.error().detail;
  std::string text;
  for (const Line& line : *lines) text += std::to_string(line.number) + ":" + line.text + " ";
  return text;
}

TEST(LineReader, GivesWhatHasCome) {
  Pipe pipe;
  LineReader reader(pipe.fd(), {});
  pipe.Write("a\n\n  \nb\r\npart");
  EXPECT_EQ(Next(reader), "1:a 4:b\r ");
  pipe.Write("ly\nlast");
  EXPECT_EQ(Next(reader), "5:partly ");
  pipe.Close();
  EXPECT_EQ(Next(reader), "6:last ");
  EXPECT_EQ(Next(reader), "");
}

TEST(LineReader, KeepsToItsLimits) {
  Pipe pipe;
  LineReader reader(pipe.fd(), {.lines = 2, .bytes = 8, .line_bytes = 100'000});
  pipe.Write("1\n2\n3\n1234567890\n5\n");
  EXPECT_EQ(Next(reader), "1:1 2:2 ");
  EXPECT_EQ(Next(reader), "3:3 4:1234567890 ");
  EXPECT_EQ(Next(reader), "5:5 ");
  pipe.Write("good\n" + std::string(60'000, 'x'));
  EXPECT_EQ(Next(reader), "6:good ");
  pipe.Write(std::string(60'000, 'x'));
  pipe.Close();
  EXPECT_EQ(Next(reader), "line 7 is longer than 100000 bytes");
}

TEST(LineReader, SaysWhatItCannotRead) {
  LineReader reader(-1, {});
  EXPECT_EQ(Next(reader), "standard input: Bad file descriptor");
}

}  // namespace
}  // namespace tidemill::cli
