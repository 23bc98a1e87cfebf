#include "queries/answer/error_answer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries {
namespace {

using sql::FailureKind;

sql::Failure FailureOf(std::string code) {
  const FailureKind kind = sql::KindOfSqlState(code);
  return {.kind = kind, .message = "words of Postgres", .code = std::move(code)};
}

// docs.postgrest.org/en/stable/references/errors.html, "HTTP Status Codes"; a star stands for the rest of a
// class. Of rows with a reason our status is another one than PostgREST's.
TEST(ErrorAnswer, SqlstatesHavePostgrestsStatuses) {
  struct Case {
    std::string_view code;
    int status;
    std::string_view deviates = "";
  };
  const Case cases[] = {
      {"08000", 503},
      {"08006", 503},
      {"09000", 500},
      {"0L000", 403},
      {"0P000", 403},
      {"23503", 409},
      {"23505", 409},
      {"25006", 405},
      {"25000", 500},
      {"25P02", 500},
      {"28000", 403},
      {"28P01", 403},
      {"2D000", 500},
      {"38000", 500},
      {"39000", 500},
      {"3B000", 500},
      {"53000", 503},
      {"53300", 503},
      {"53400", 500},
      {"54000", 500},
      {"54001", 500},
      {"55000", 500},
      {"58000", 500},
      {"58030", 500},
      {"F0000", 500},
      {"HV000", 500},
      {"P0001", 400},
      {"P0000", 500},
      {"P0002", 500},
      {"XX000", 500},
      {"42883", 404},
      {"42P01", 404},
      {"42P17", 500},
      {"42501", 403},
      {"22012", 400},
      {"22P02", 400},
      {"23502", 400},
      {"23514", 400},
      {"42601", 400},
      {"42703", 400},
      {"21000", 400},
      {"PT402", 402},
      {"PT404", 404},
      {"PT599", 599},
      {"PT200", 500},
      {"PTabc", 500},
      {"40001", 409, "the same request may succeed when it is sent again"},
      {"40P01", 409, "likewise"},
      {"57014", 504, "a statement that took too long"},
      {"57P01", 503, "the database restarts"},
      {"57P03", 503, "likewise"},
      {"55P03", 503, "a lock that somebody else holds"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.code);
    const ErrorAnswer answer = MakeError(FailureOf(std::string(c.code)), {});
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.code, c.code);
    EXPECT_EQ(answer.retry_after.has_value(), c.status == 503);
  }
}

// Of SQLite, and of what the server itself finds.
TEST(ErrorAnswer, EveryKindHasAStatus) {
  struct Case {
    FailureKind kind;
    int status;
    std::string_view own_code = "TM113";
  };
  const Case cases[] = {
      {FailureKind::kInvalidStatement, 500},
      {FailureKind::kInvalidValue, 400},
      {FailureKind::kUniqueViolation, 409},
      {FailureKind::kForeignKeyViolation, 409},
      {FailureKind::kNotNullViolation, 400},
      {FailureKind::kCheckViolation, 400},
      {FailureKind::kRaised, 400},
      {FailureKind::kSerialization, 409},
      {FailureKind::kLocked, 503},
      {FailureKind::kPermissionDenied, 403},
      {FailureKind::kUnauthenticated, 503, "TM116"},
      {FailureKind::kReadOnly, 405},
      {FailureKind::kTimeout, 504, "TM117"},
      {FailureKind::kCancelled, 503, "TM116"},
      {FailureKind::kUnavailable, 503, "TM116"},
      {FailureKind::kNotReady, 503, "TM116"},
      {FailureKind::kBusy, 503, "TM115"},
      {FailureKind::kLimitExceeded, 500, "TM111"},
      {FailureKind::kFull, 503},
      {FailureKind::kCorrupt, 500},
      {FailureKind::kInternal, 500},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(sql::Name(c.kind));
    const ErrorAnswer named = MakeError(sql::Failure{.kind = c.kind, .message = "m", .code = "SQLITE_X"}, {});
    EXPECT_EQ(named.status, c.status);
    EXPECT_EQ(named.code, "SQLITE_X");
    EXPECT_EQ(named.retry_after.has_value(), c.status == 503);
    const ErrorAnswer own = MakeError(sql::Failure{.kind = c.kind, .message = "m"}, {});
    EXPECT_EQ(own.status, c.status);
    EXPECT_EQ(own.code, c.own_code);
  }
  EXPECT_EQ(std::size(cases), static_cast<std::size_t>(FailureKind::kInternal) + 1);
}

TEST(ErrorAnswer, WhoHasNoTokenIsAskedForOne) {
  const ErrorAnswer answer = MakeError(FailureOf("42501"), {.anonymous = true});
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers,
            (std::vector<std::pair<std::string, std::string>>{{"WWW-Authenticate", "Bearer"}}));
  EXPECT_EQ(MakeError(sql::Failure{.kind = FailureKind::kPermissionDenied}, {.anonymous = true}).status, 401);
}

TEST(ErrorAnswer, AStrangerIsToldWhatTheDatabaseSaysToCallers) {
  sql::Failure failure = FailureOf("23505");
  failure.detail = "Key (email)=(a@b.c) already exists.";
  failure.hint = "a hint";
  const ErrorAnswer unique = MakeError(failure, {});
  EXPECT_EQ(unique.message, "words of Postgres");
  EXPECT_EQ(unique.details + unique.hint, "");
  const ErrorAnswer told = MakeError(failure, {.developer = true});
  EXPECT_EQ(told.details, "Key (email)=(a@b.c) already exists.");
  EXPECT_EQ(told.hint, "a hint");

  for (const char* const code : {"42P01", "42703", "XX000", "58030", "57P01", "40001", "53100"}) {
    SCOPED_TRACE(code);
    failure.code = code;
    failure.kind = sql::KindOfSqlState(code);
    EXPECT_FALSE(ToResponse(MakeError(failure, {})).body.contains("words of Postgres"));
    EXPECT_TRUE(ToResponse(MakeError(failure, {.developer = true})).body.contains("words of Postgres"));
  }
  // Who raises says it to callers.
  for (const char* const code : {"P0001", "PT409"}) {
    SCOPED_TRACE(code);
    failure.code = code;
    failure.kind = sql::KindOfSqlState(code);
    const ErrorAnswer raised = MakeError(failure, {});
    EXPECT_EQ(raised.message, "words of Postgres");
    EXPECT_EQ(raised.details, "Key (email)=(a@b.c) already exists.");
    EXPECT_EQ(raised.hint, "a hint");
  }
}

TEST(ErrorAnswer, SaysWhenTheWriteIsDoneAllTheSame) {
  sql::Failure failure{.kind = FailureKind::kLimitExceeded, .message = "more than 2 rows"};
  EXPECT_EQ(MakeError(failure, {}).message, "the answer is larger than it may be");
  failure.effect = sql::Effect::kUnknown;
  EXPECT_EQ(MakeError(failure, {}).message, "the write is done, but the answer is larger than it may be");
  EXPECT_EQ(MakeError(failure, {.developer = true}).message, "the write is done, but more than 2 rows");
}

TEST(ErrorAnswer, ItsBodyIsPostgrests) {
  const http::Response response = ToResponse(MakeError(OwnError::kBusy, "say \"please\""));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, R"({"code":"TM115","message":"say \"please\"","details":null,"hint":null})");
  EXPECT_EQ(response.headers, (std::vector<std::pair<std::string, std::string>>{
                                  {"Content-Type", "application/json"}, {"Retry-After", "1"}}));
}

TEST(ErrorAnswer, ARefusalNamesEveryField) {
  Refusal refusal;
  refusal.Add("id", "must be an integer");
  const ErrorAnswer one = MakeError(refusal);
  EXPECT_EQ(one.status, 400);
  EXPECT_EQ(ToResponse(one).body,
            R"({"code":"TM100","message":"id: must be an integer","details":null,"hint":null,)"
            R"("errors":[{"field":"id","problem":"must be an integer"}]})");
  refusal.Add("[1].name", "is missing in the body");
  const ErrorAnswer two = MakeError(refusal);
  EXPECT_EQ(two.message, "2 things are wrong with the request");
  EXPECT_EQ(two.details, "id: must be an integer\n[1].name: is missing in the body");
  while (!refusal.full()) refusal.Add("x", "y");
  refusal.Add("x", "y");
  EXPECT_TRUE(MakeError(refusal).details.ends_with("\nand more"));
  EXPECT_EQ(MakeError(refusal).message, "more than 50 things are wrong with the request");
  EXPECT_EQ(MakeError(refusal).errors.size(), Refusal::kErrorsMax);
}

TEST(ErrorAnswer, ARefusalsKindIsItsStatus) {
  struct Case {
    RefusalKind kind;
    int status;
  };
  const Case cases[] = {{RefusalKind::kInvalid, 400},
                        {RefusalKind::kForbidden, 403},
                        {RefusalKind::kNotAcceptable, 406},
                        {RefusalKind::kTooLarge, 413},
                        {RefusalKind::kUnsupportedMediaType, 415},
                        {RefusalKind::kRange, 416}};
  for (const Case& c : cases) {
    Refusal refusal{.kind = c.kind};
    refusal.Add("a", "b");
    EXPECT_EQ(MakeError(refusal).status, c.status);
  }
}

}  // namespace
}  // namespace tidemill::queries
