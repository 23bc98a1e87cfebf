#include "queries/cache/answer_record.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::queries {
namespace {

AnswerPtr Example() {
  return CachedAnswer::Make({.status = 200,
                             .headers = {{"Content-Type", "application/json"}, {"Vary", ""}},
                             .body = std::string("[\"a:b\n\0\"]", 10)});
}

TEST(AnswerRecord, ComesBackAsItWas) {
  for (const AnswerPtr& answer :
       {Example(), CachedAnswer::Make({.status = 200}), CachedAnswer::Make({.status = 404, .body = "{}"})}) {
    const auto decoded = DecodeAnswer(EncodeAnswer(*answer));
    ASSERT_TRUE(decoded);
    EXPECT_EQ((*decoded)->response.status, answer->response.status);
    EXPECT_EQ((*decoded)->response.headers, answer->response.headers);
    EXPECT_EQ((*decoded)->response.body, answer->response.body);
    EXPECT_EQ((*decoded)->etag, answer->etag);
  }
}

TEST(AnswerRecord, IsWrittenAsTheDocumentSays) {
  const AnswerPtr answer = CachedAnswer::Make({.headers = {{"ETag", "\"x\""}}, .body = "[1]"});
  EXPECT_EQ(EncodeAnswer(*answer), "1\n3:2003:\"x\"3:[1]4:ETag3:\"x\"");
}

// Cut anywhere, or with any byte another one: an error or an answer, and nothing else happens.
TEST(AnswerRecord, RefusesWhatIsDamaged) {
  const std::string record = EncodeAnswer(*Example());
  for (std::size_t i = 0; i < record.size(); ++i) {
    const auto cut = DecodeAnswer(record.substr(0, i));
    // Where a header ends it is whole.
    if (cut) EXPECT_LT((*cut)->response.headers.size(), 2u) << i;
    for (const char c : {'0', '9', ':', '\n', '\xff'}) {
      std::string other = record;
      other[i] = c;
      if (const auto decoded = DecodeAnswer(other)) EXPECT_NE(*decoded, nullptr);
    }
  }
  for (const char* bad :
       {"", "1", "2\n3:2000:0:", "1\n3:2000:", "1\n2:200:0:", "1\n3:9990:0:", "1\n3:20x0:0:",
        "1\n3:2000:99999999999999999999:", "1\n3:2000:-1:", "1\n3:2000:0:1:x"}) {
    EXPECT_FALSE(DecodeAnswer(bad)) << bad;
  }
}

}  // namespace
}  // namespace tidemill::queries
