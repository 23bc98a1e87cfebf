#include "postgres/login/saslprep.h"

#include <gtest/gtest.h>

namespace tidemill::postgres {
namespace {

// login/login_server_test.cc asks a real server the same.
TEST(SaslPrep, PreparesAsPostgresDoes) {
  struct Case {
    const char* name;
    const char* password;
    const char* prepared;
  };
  const Case cases[] = {
      {"ASCII stays", "a b\t\x01~", "a b\t\x01~"},
      {"RFC 4013: soft hyphen goes", "I\u00adX", "IX"},
      {"RFC 4013: case stays", "us\u00e9R", "us\u00e9R"},
      {"RFC 4013: ordinal becomes a letter", "\u00aa", "a"},
      {"RFC 4013: roman numeral", "\u2168", "IX"},
      {"no-break space is a space", "a\u00a0b", "a b"},
      {"ideographic space is a space", "a\u3000b", "a b"},
      {"zero width space is a space", "a\u200bb", "a b"},
      {"ligature", "\ufb01", "fi"},
      {"composed", "e\u0301", "\u00e9"},
      {"full width", "\uff21\uff11", "A1"},
      {"Hangul", "\u1112\u1161\u11ab", "\ud55c"},
      {"nothing is left: as it is", "\u00ad", "\u00ad"},
      {"control character: as it is", "\ufb01\u0085", "\ufb01\u0085"},
      {"control in other text: as it is", "\ufb01\x07", "\ufb01\x07"},
      {"private use: as it is", "\ufb01\ue000", "\ufb01\ue000"},
      {"deprecated tone mark: as it is", "\ufb01\u0340", "\ufb01\u0340"},
      {"unknown to Unicode 3.2: as it is", "\ufb01\U0001f600", "\ufb01\U0001f600"},
      {"right to left", "\u0627\u0628", "\u0627\u0628"},
      {"right to left and left to right: as it is", "\u0627\ufb01\u0628", "\u0627\ufb01\u0628"},
      {"right to left that ends in a digit: as it is", "\u0627\u00b2", "\u0627\u00b2"},
      {"right to left around a digit", "\u0627\u00b2\u0628", "\u06272\u0628"},
      {"not UTF-8: as it is", "\xff\xc2\xad", "\xff\xc2\xad"},
      {"empty", "", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(SaslPrep(c.password), c.prepared);
  }
}

}  // namespace
}  // namespace tidemill::postgres
