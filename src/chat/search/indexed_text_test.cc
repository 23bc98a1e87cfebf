#include "chat/search/indexed_text.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

TEST(IndexedText, SetsCharactersOfScriptsWithoutBlanksApart) {
  struct Case {
    const char* text;
    const char* indexed;
  };
  const Case cases[] = {
      {"", ""},
      {"plain words", "plain words"},
      {"naïve café", "naïve café"},
      {"東京", " 東  京 "},
      {"go東go", "go 東 go"},
      {"カタカナ", " カ  タ  カ  ナ "},
      {"한글", " 한  글 "},
      {"€ and 🙂", "€ and 🙂"},  // three and four bytes, none of those
      {"\u3039\u3040\u30ff\u3100", "\u3039 \u3040  \u30ff \u3100"},
      {"\u33ff\u3400\u4dbf\u4dc0", "\u33ff \u3400  \u4dbf \u4dc0"},
      {"\ud7af\ud7b0\uf8ff\uf900\ufaff\ufb00", " \ud7af \ud7b0\uf8ff \uf900  \ufaff \ufb00"},
      {"\xff\xe6", "\xff\xe6"},  // no UTF-8 stays as it is
  };
  for (const Case& c : cases) EXPECT_EQ(IndexedText(c.text), c.indexed) << c.text;
}

}  // namespace
}  // namespace tidemill::chat
