#include "chat/uploads/file_name.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace tidemill::chat {
namespace {

TEST(CleanFileName, KeepsWhatIsSafe) {
  struct Case {
    const char* name;
    std::string given;
    std::string wanted;
  };
  const Case cases[] = {
      {"plain", "report 2.pdf", "report 2.pdf"},
      {"letters of any language", "отчёт שלום 報告.pdf", "отчёт שלום 報告.pdf"},
      {"folders", "../../etc/passwd", "passwd"},
      {"folders of Windows", "C:\\Users\\ada\\a.txt", "a.txt"},
      {"only a folder", "a/b/", "file"},
      {"dots", "..", "file"},
      {"hidden", ".htaccess", "htaccess"},
      {"ends of Windows", "a.exe. . ", "a.exe"},
      {"empty", "", "file"},
      {"control characters", std::string("a\0\r\nb\x1b\x7f.txt", 11), "ab.txt"},
      {"C1 control characters", "a\xc2\x85z", "az"},
      {"an end turned around", "photo\u202egpj.exe", "photogpj.exe"},
      {"isolates, marks, separators", "a\u2066\u2069\u200f\u200b\u2028\u061c\ufeff.txt", "a.txt"},
      {"no UTF-8", "a\xff\xc3(.txt", "a(.txt"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(CleanFileName(c.given), c.wanted);
  }
}

TEST(CleanFileName, CutsALongOneBeforeItsEnd) {
  EXPECT_EQ(CleanFileName(std::string(300, 'a') + ".pdf"), std::string(251, 'a') + ".pdf");
  EXPECT_EQ(CleanFileName(std::string(300, 'a')), std::string(255, 'a'));
  EXPECT_EQ(CleanFileName("a." + std::string(300, 'b')).size(), 255u);
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "\u20ac";
  const std::string cut = CleanFileName(wide + ".txt");
  EXPECT_TRUE(IsUtf8(cut));
  EXPECT_LE(cut.size(), 255u);
  EXPECT_TRUE(cut.ends_with("\u20ac.txt"));
}

TEST(DispositionOf, WritesTheNameTwice) {
  EXPECT_EQ(DispositionOf(Disposition::kAttachment, "a b.txt"),
            "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
  EXPECT_EQ(DispositionOf(Disposition::kInline, "ü\"\\%';.png"),
            "inline; filename=\"____';.png\"; filename*=UTF-8''%C3%BC%22%5C%25%27%3B.png");
}

}  // namespace
}  // namespace tidemill::chat
