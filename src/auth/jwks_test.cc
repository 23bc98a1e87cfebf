#include "auth/jwks.h"

#include <gtest/gtest.h>

#include <vector>

#include "auth/testing/run_now.h"
#include "auth/testing/signer.h"
#include "auth/token.h"
#include "net/async.h"
#include "net/testing/harness.h"

namespace tidemill::auth {
namespace {

using testing::Signer;
using testing::Store;
using Found = Result<PublicKeyPtr>;

// An endpoint whose answers the test gives when it likes.
class Endpoint {
 public:
  explicit Endpoint(net::Loop& loop) : loop_(loop) {}

  JwksFetch fetch() {
    return [this] { return Answer(this); };
  }
  void Give(const Result<std::string>& text) {
    ASSERT_FALSE(asked_.empty());
    const auto sender = asked_.back();
    asked_.pop_back();
    sender.Send(text);
  }
  int fetches() const { return fetches_; }

 private:
  static Task<Result<std::string>> Answer(Endpoint* self) {
    ++self->fetches_;
    net::Reply<Result<std::string>> reply(self->loop_);
    self->asked_.push_back(reply.sender());
    co_return co_await reply;
  }

  net::Loop& loop_;
  std::vector<net::Reply<Result<std::string>>::Sender> asked_;
  int fetches_ = 0;
};

class JwksSourceTest : public ::testing::Test {
 protected:
  void Advance(Duration by) {
    clock_.Advance(by);
    net::testing::RunTurns(*loop_);
  }
  std::string SetOf(const Signer& signer, const char* kid) const {
    return R"({"keys":[)" + signer.Jwk(kid) + "]}";
  }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  Endpoint endpoint_{*loop_};
  Signer signer_ = Signer::Generate(Algorithm::kEs256);
};

TEST_F(JwksSourceTest, ManyQuestionsAreOneFetch) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  std::vector<std::optional<Found>> found(100);
  TaskScope scope;
  for (auto& one : found) scope.Spawn(Store(source->Find("k"), one));
  EXPECT_EQ(endpoint_.fetches(), 1);
  for (const auto& one : found) EXPECT_FALSE(one.has_value());
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  for (const auto& one : found) ASSERT_TRUE(one.has_value() && one->has_value());
  EXPECT_TRUE((**found[0])->Verify(Algorithm::kEs256, "x", signer_.Sign("x")));
  EXPECT_EQ(endpoint_.fetches(), 1);
}

TEST_F(JwksSourceTest, SaysMissingOrUnavailable) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  std::optional<Found> failed, missing, found, long_id;
  TaskScope scope;
  scope.Spawn(Store(source->Find("k"), failed));
  endpoint_.Give(Fail(Errc::kTimeout, "slow"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(failed && !*failed);
  EXPECT_EQ(failed->error().code, Errc::kUnavailable);

  Advance(Seconds(1));
  scope.Spawn(Store(source->Find("other"), missing));
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(missing && !*missing);
  EXPECT_EQ(missing->error().code, Errc::kNotFound);

  scope.Spawn(Store(source->Find("k"), found));
  ASSERT_TRUE(found && *found) << "known keys are given at once";
  scope.Spawn(Store(source->Find(std::string(257, 'k')), long_id));
  ASSERT_TRUE(long_id && !*long_id);
  EXPECT_EQ(endpoint_.fetches(), 2);
}

TEST_F(JwksSourceTest, AKeyThatMayNotBeFetchedYetIsUnavailable) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  std::optional<Found> first, early, later, again;
  TaskScope scope;
  scope.Spawn(Store(source->Find("k"), first));
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(first && *first);

  Advance(Milliseconds(500));
  scope.Spawn(Store(source->Find("rotated"), early));
  ASSERT_TRUE(early && !*early);
  EXPECT_EQ(early->error().code, Errc::kUnavailable) << "the provider may have rotated since";

  Advance(Milliseconds(500));
  scope.Spawn(Store(source->Find("rotated"), later));
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(later && !*later);
  EXPECT_EQ(later->error().code, Errc::kNotFound);

  Advance(Seconds(10));
  scope.Spawn(Store(source->Find("rotated"), again));
  ASSERT_TRUE(again && !*again) << "not fetched for again";
  EXPECT_EQ(again->error().code, Errc::kUnavailable);
  EXPECT_EQ(endpoint_.fetches(), 2);
}

TEST_F(JwksSourceTest, AnAnswerThatIsNoKeySetIsAFailure) {
  for (const char* text : {"", "<html>", "{}", R"({"keys":5})"}) {
    SCOPED_TRACE(text);
    const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
    std::optional<Found> found;
    TaskScope scope;
    scope.Spawn(Store(source->Find("k"), found));
    endpoint_.Give(std::string(text));
    net::testing::RunTurns(*loop_);
    ASSERT_TRUE(found && !*found);
    EXPECT_EQ(found->error().code, Errc::kUnavailable);
  }
}

TEST_F(JwksSourceTest, OldKeysServeWhileTheEndpointFailsAndNotForEver) {
  const auto source =
      MakeJwksSource(*loop_, {.keys_ttl = Seconds(100), .stale_ttl = Seconds(50)}, endpoint_.fetch());
  TaskScope scope;
  std::optional<Found> first, stale, late;
  scope.Spawn(Store(source->Find("k"), first));
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(first && *first);

  Advance(Seconds(120));
  scope.Spawn(Store(source->Find("k"), stale));
  ASSERT_TRUE(stale && *stale) << "nobody waits for the background fetch";
  EXPECT_EQ(endpoint_.fetches(), 2);
  endpoint_.Give(Fail(Errc::kUnavailable, "down"));
  net::testing::RunTurns(*loop_);

  Advance(Seconds(30));
  scope.Spawn(Store(source->Find("k"), late));
  EXPECT_FALSE(late) << "the set is too old: the fetch must say";
  endpoint_.Give(Fail(Errc::kUnavailable, "down"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(late && !*late);
  EXPECT_EQ(late->error().code, Errc::kUnavailable);
}

TEST_F(JwksSourceTest, BoundsWhoWaits) {
  const auto source = MakeJwksSource(*loop_, {.waiting_max = 2}, endpoint_.fetch());
  std::vector<std::optional<Found>> found(3);
  TaskScope scope;
  for (auto& one : found) scope.Spawn(Store(source->Find("k"), one));
  ASSERT_TRUE(found[2] && !*found[2]);
  EXPECT_EQ(found[2]->error().code, Errc::kLimitExceeded);
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  EXPECT_TRUE(found[0] && *found[0] && found[1] && *found[1]);
}

TEST_F(JwksSourceTest, WhoGaveUpIsForgotten) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  std::optional<Found> gone, here;
  TaskScope scope;
  {
    TaskScope short_lived;
    short_lived.Spawn(Store(source->Find("k"), gone));
  }
  scope.Spawn(Store(source->Find("k"), here));
  EXPECT_EQ(endpoint_.fetches(), 1);
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  EXPECT_FALSE(gone);
  EXPECT_TRUE(here && *here);
}

TEST_F(JwksSourceTest, VerifierUsesItsKeysAndNoOthers) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  auth::TokenSettings settings;
  settings.jwks_public_endpoint = "https://idp.example/keys";
  const auto verifier = MakeTokenVerifier({.token = settings, .clock = &clock_}, source.get());
  ASSERT_TRUE(verifier) << verifier.error().detail;
  TaskScope scope;
  const auto verify = [&](const std::string& token) {
    auto result = std::make_unique<std::optional<Result<ConnectToken>>>();
    scope.Spawn(Store((*verifier)->VerifyConnect(token), *result));
    return result;
  };

  // None of these is worth asking the endpoint.
  for (const std::string& token :
       {signer_.Token("{}"), SignHs256("{}", "secret"),
        testing::HmacToken(R"({"alg":"HS256","kid":"k"})", "{}", signer_.PublicPem()),
        testing::Compact(R"({"alg":"none","kid":"k"})", "{}", "")}) {
    const auto result = verify(token);
    ASSERT_TRUE(*result && !**result);
    EXPECT_EQ((**result).error().code, Errc::kUnauthenticated);
  }
  EXPECT_EQ(endpoint_.fetches(), 0);

  const auto good = verify(signer_.TokenWithKid("k", R"({"sub":"42"})"));
  const auto forged = verify(Signer::Generate(Algorithm::kEs256).TokenWithKid("k", R"({"sub":"42"})"));
  const auto other_kind = verify(Signer::Generate(Algorithm::kRs256).TokenWithKid("k", R"({"sub":"42"})"));
  const auto unknown = verify(signer_.TokenWithKid("k2", R"({"sub":"42"})"));
  EXPECT_FALSE(good->has_value());
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(*good && **good);
  EXPECT_EQ((**good)->user, "42");
  for (const auto* refused : {&forged, &other_kind}) {
    ASSERT_TRUE(**refused && !***refused);
    EXPECT_EQ((***refused).error().code, Errc::kUnauthenticated);
  }
  ASSERT_TRUE(*unknown && !**unknown);
  EXPECT_EQ((**unknown).error().code, Errc::kUnavailable) << "the fetch was on its way before";
  Advance(Seconds(1));
  const auto missing = verify(signer_.TokenWithKid("k2", R"({"sub":"42"})"));
  endpoint_.Give(SetOf(signer_, "k"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(*missing && !**missing);
  EXPECT_EQ((**missing).error().code, Errc::kUnauthenticated);
}

TEST_F(JwksSourceTest, VerifierSaysWhenTheKeysAreOutOfReach) {
  const auto source = MakeJwksSource(*loop_, {}, endpoint_.fetch());
  auth::TokenSettings settings;
  settings.jwks_public_endpoint = "https://idp.example/keys";
  const auto verifier = MakeTokenVerifier({.token = settings, .clock = &clock_}, source.get());
  ASSERT_TRUE(verifier);
  TaskScope scope;
  std::optional<Result<ConnectToken>> result;
  scope.Spawn(Store((*verifier)->VerifyConnect(signer_.TokenWithKid("k", "{}")), result));
  endpoint_.Give(Fail(Errc::kTimeout, "slow"));
  net::testing::RunTurns(*loop_);
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().code, Errc::kUnavailable);
  settings.hmac_secret_key = {"secret"};
  const auto mixed = MakeTokenVerifier({.token = settings}, source.get());
  ASSERT_FALSE(mixed);
  EXPECT_TRUE(mixed.error().detail.starts_with("jwks_public_endpoint: "));
}

}  // namespace
}  // namespace tidemill::auth
