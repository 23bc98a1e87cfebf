#include "chat/uploads/file_type.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

using namespace std::string_literals;

std::string Png(std::string_view size) {
  return "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s + std::string(size) + "\x08\x06\0\0\0"s;
}

// `before`: segments in front of the frame.
std::string Jpeg(const std::string& before) {
  return "\xff\xd8"s + before + "\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03"s + std::string(20, '\0');
}

std::string Segment(char marker, std::size_t bytes) {
  const std::size_t length = bytes + 2;
  return "\xff"s + marker + static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) +
         std::string(bytes, 'x');
}

TEST(SniffFile, GoesByTheBytes) {
  const std::string size = "\0\0\0\x20\0\0\0\x10"s;
  struct Case {
    const char* name;
    std::string head;
    FileType wanted;
  };
  const Case cases[] = {
      {"png", Png(size), {"image/png", 32, 16}},
      {"png of no size", Png("\0\0\0\0\0\0\0\x10"s), {}},
      {"png that would be 4 GB", Png("\0\0\x40\0\0\0\x40\0"s), {}},
      {"png too wide", Png("\0\1\0\0\0\0\0\1"s), {}},
      {"png of a negative size", Png("\xff\xff\xff\xff\xff\xff\xff\xff"s), {}},
      {"the beginning of a png", "\x89PNG\r\n\x1a\n"s, {}},
      {"png with a page behind it", Png(size) + "<html><script>", {"image/png", 32, 16}},
      {"jpeg", Jpeg(""), {"image/jpeg", 32, 16}},
      {"jpeg with much before it",
       Jpeg(Segment('\xe1', 60'000) + Segment('\xe2', 60'000)),
       {"image/jpeg", 32, 16}},
      {"jpeg with bytes that fill", Jpeg("\xff\xff"s), {"image/jpeg", 32, 16}},
      {"jpeg whose frame is not there", "\xff\xd8"s + Segment('\xe1', 60), {}},
      {"jpeg with a segment of no length", "\xff\xd8\xff\xe1\0\0\xff\xc0"s + std::string(20, 'x'), {}},
      {"gif", "GIF89a\x20\0\x10\0"s, {"image/gif", 32, 16}},
      {"gif that is a script", "GIF89a=1;alert(1)", {}},
      {"webp", "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\0\0\x0f\0\0"s, {"image/webp", 32, 16}},
      {"webp without loss",
       "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x1f\xc0\x03\0\0\0\0\0\0"s,
       {"image/webp", 32, 16}},
      {"webp, simple", "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x20\0\x10\0"s, {"image/webp", 32, 16}},
      {"wav", "RIFF\0\0\0\0WAVEfmt "s, {"audio/wav"}},
      {"pdf", "%PDF-1.7\n\xe2\xe3", {"application/pdf"}},
      {"mp4",
       "\0\0\0\x18"
       "ftypmp42"s,
       {"video/mp4"}},
      {"mp3", "ID3\x04\0"s, {"audio/mpeg"}},
      {"mp3 without a tag", "\xff\xfb\x90\0"s, {"audio/mpeg"}},
      {"zip", "PK\x03\x04\x14\0"s, {"application/zip"}},
      {"zip with pictures in front", Jpeg("") + "PK\x03\x04", {"image/jpeg", 32, 16}},
      {"text", "hello\n\twörld\r\n", {"text/plain"}},
      {"a page", "<!doctype html><script>alert(1)</script>", {"text/plain"}},
      {"svg",
       "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
       {"text/plain"}},
      {"text with a byte of no text", "hello\0there"s, {}},
      {"no UTF-8", "caf\xe9", {}},
      {"nothing", "", {}},
      {"a program",
       "\x7f"
       "ELF\x02\x01"s,
       {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const FileType got = SniffFile(c.head);
    EXPECT_EQ(got.type, c.wanted.type);
    EXPECT_EQ(got.width, c.wanted.width);
    EXPECT_EQ(got.height, c.wanted.height);
    // Cut anywhere, it is looked at no further.
    for (std::size_t cut = 0; cut < std::min<std::size_t>(c.head.size(), 64); ++cut)
      (void)SniffFile(c.head.substr(0, cut));
  }
}

TEST(SniffFile, TextMayBeCutInsideOfACharacter) {
  std::string text(kSniffedBytes - 1, 'a');
  text += "\u20ac and more";
  EXPECT_EQ(SniffFile(text).type, "text/plain");
  EXPECT_EQ(SniffFile(text.substr(0, kSniffedBytes)).type, "text/plain");
  EXPECT_EQ(SniffFile("a\xe2\x82").type, "application/octet-stream") << "the file ends there";
}

TEST(MayBeInline, OnlyImagesThatRunNothing) {
  for (const char* const type : {"image/png", "image/jpeg", "image/gif", "image/webp"})
    EXPECT_TRUE(MayBeInline(type));
  for (const char* const type :
       {"image/svg+xml", "text/html", "text/plain", "application/pdf", "image/heic", ""}) {
    EXPECT_FALSE(MayBeInline(type)) << type;
  }
}

}  // namespace
}  // namespace tidemill::chat
