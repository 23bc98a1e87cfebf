#include "jobs/job_api/members.h"

#include <gtest/gtest.h>

#include "jobs/job_api/fetch_params.h"
#include "jobs/job_api/jid_params.h"

namespace tidemill::jobs {
namespace {

// What the call is refused with; "": it is taken; "malformed": the text cannot be read.
template <class P>
std::string RefusalOf(std::string_view text, P& params) {
  JsonReader json(text);
  Read(json, params);
  if (!json.Finish()) return "malformed";
  return params.refused ? params.refused->detail : "";
}

TEST(ReadMembers, NamesWhatIsWrong) {
  struct Case {
    const char* text;
    const char* refusal;
  };
  const Case cases[] = {
      {R"({"jid":"12345678"})", ""},
      {R"({})", R"("jid" is missing)"},
      {R"({"jid":null})", R"("jid" is missing)"},
      {R"({"jid":1})", R"("jid" must be a string)"},
      {R"({"jd":"12345678"})", R"(unknown field "jd": did you mean "jid"?)"},
      {R"({"jid":"12345678","x":[{}]})", R"(unknown field "x"; known are jid)"},
      {R"([])", "malformed"},
      {R"({"jid":"1)", "malformed"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    JidParams params;
    EXPECT_EQ(RefusalOf(c.text, params), c.refusal);
  }
}

TEST(FetchParams, HaveDefaultsAndLimits) {
  FetchParams nothing;
  EXPECT_EQ(RefusalOf("{}", nothing), "");
  EXPECT_EQ(nothing.queues, std::vector<std::string>{"default"});
  EXPECT_EQ(nothing.count, 1);
  struct Case {
    const char* text;
    const char* refusal;
  };
  const Case cases[] = {
      {R"({"queues":["a","b"],"wait":0.5,"count":100,"worker":"w"})", ""},
      {R"({"queues":["a b"]})", R"("queues" must be names of letters, digits, and . _ -)"},
      {R"({"queues":"a"})", R"("queues" must be an array of strings)"},
      {R"({"wait":61})", R"("wait" must be 0 to 60 seconds)"},
      {R"({"wait":-1})", R"("wait" must be 0 to 60 seconds)"},
      {R"({"count":0})", R"("count" must be 1 to 100)"},
      {R"({"worker":"a b"})", R"("worker" must be 1 to 128 visible ASCII characters)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    FetchParams params;
    EXPECT_EQ(RefusalOf(c.text, params), c.refusal);
  }
}

}  // namespace
}  // namespace tidemill::jobs
