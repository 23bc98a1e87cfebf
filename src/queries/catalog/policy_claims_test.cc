#include "queries/catalog/policy_claims.h"

#include <gtest/gtest.h>

namespace tidemill::queries {
namespace {

TEST(ClaimsIn, FindsWhatIsTakenOutOfTheSetting) {
  using Names = std::vector<std::string>;
  struct Case {
    const char* expression;
    Names claims;
  };
  const Case cases[] = {
      {"(owner = ((current_setting('request.jwt.claims'::text, true))::json ->> 'sub'::text))", {"sub"}},
      {"(owner = (NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> "
       "'sub'::text)",
       {"sub"}},
      {"((current_setting('request.jwt.claims'::text))::json #>> '{app,tenant}'::text[]) = tenant", {"app"}},
      {"(((current_setting('request.jwt.claims'::text))::json -> 'app'::text) ->> 'tenant'::text) = tenant",
       {"app"}},
      {"((a = ((current_setting('request.jwt.claims'::text))::json ->> 'sub'::text)) OR "
       "(b = ((current_setting('request.jwt.claims'::text))::json ->> 'org'::text)))",
       {"org", "sub"}},
      {"(owner = current_setting('request.jwt.claim.sub'::text, true))", {"sub"}},
      {"(data ->> 'sub'::text) = current_setting('app.user'::text)", {}},
      {"allowed(current_setting('request.jwt.claims'::text))", {}},
      {"true", {}},
      {"", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(ClaimsIn(c.expression), c.claims) << c.expression;
}

}  // namespace
}  // namespace tidemill::queries
