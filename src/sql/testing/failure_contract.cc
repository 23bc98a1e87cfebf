#include "sql/testing/failure_contract.h"

namespace tidemill::sql::testing {

std::string FailureContract::Name(const ParamInfo& info) { return info.param.name; }

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FailureContract);

TEST_P(FailureContract, ConstraintsAreToldApart) {
  CreatePeople();
  Must("insert into people (id, email, name) values (1, 'ann@example.org', 'Ann')");

  const Failure unique = FailureOf("insert into people (id, email, name) values (2, 'ann@example.org', 'A')");
  EXPECT_EQ(unique.kind, FailureKind::kUniqueViolation);
  EXPECT_EQ(unique.code, Either("23505", "SQLITE_CONSTRAINT_UNIQUE"));
  EXPECT_EQ(unique.table, "people");
  if (IsSqlite()) {
    EXPECT_EQ(unique.column, "email");  // it does not tell the constraint's name
  } else {
    EXPECT_EQ(unique.constraint, "people_email_key");
  }

  const Failure primary = FailureOf("insert into people (id, name) values (1, 'A')");
  EXPECT_EQ(primary.kind, FailureKind::kUniqueViolation);

  const Failure foreign = FailureOf("insert into people (id, boss, name) values (3, 99, 'A')");
  EXPECT_EQ(foreign.kind, FailureKind::kForeignKeyViolation);
  EXPECT_EQ(foreign.constraint, Either("boss_known", ""));

  const Failure missing = FailureOf("insert into people (id) values (4)");
  EXPECT_EQ(missing.kind, FailureKind::kNotNullViolation);
  EXPECT_EQ(missing.table, "people");
  EXPECT_EQ(missing.column, "name");

  const Failure check = FailureOf("insert into people (id, age, name) values (5, -1, 'A')");
  EXPECT_EQ(check.kind, FailureKind::kCheckViolation);
  EXPECT_EQ(check.constraint, "grown");

  EXPECT_EQ(Count("people"), 1);
}

TEST_P(FailureContract, SyntaxWithItsPositionInCharacters) {
  struct Case {
    const char* text;
    std::uint32_t position;
  };
  const Case cases[] = {
      {"selec 1", 1},
      {"select 1 1", 10},
      {"select 'é' , , 2", 14},
      {"select\n\n)", 9},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Failure failure = FailureOf(c.text);
    EXPECT_EQ(failure.kind, FailureKind::kInvalidStatement);
    EXPECT_EQ(failure.position, c.position);
  }
}

TEST_P(FailureContract, NamesThatAreNotThere) {
  CreatePeople();
  for (const char* text : {"select * from nowhere", "select nothing from people",
                           "select no_such_function(1)", "insert into people (nothing) values (1)"}) {
    SCOPED_TRACE(text);
    const Failure failure = FailureOf(text);
    EXPECT_EQ(failure.kind, FailureKind::kInvalidStatement);
    EXPECT_NE(failure.message.find("no"), std::string::npos) << failure.message;
  }
}

TEST_P(FailureContract, ValuesThatTheirTypeDoesNotTake) {
  CreatePeople();
  const Failure text = FailureOf("insert into people (id, age, name) values (1, $1, 'A')", {"many"});
  EXPECT_EQ(text.kind, FailureKind::kInvalidValue);
  if (!IsSqlite()) {
    EXPECT_EQ(FailureOf("select 1 / $1::integer", {std::int64_t{0}}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select $1::integer", {std::int64_t{1} << 40}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select $1::date", {"2026-02-30"}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select $1::jsonb", {"{"}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select $1::text", {std::string("a\0b", 3)}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select $1::text", {"\xff"}).kind, FailureKind::kInvalidValue);
  }
}

TEST_P(FailureContract, TheNumberOfParametersMustFit) {
  for (const Parameters& parameters : {Parameters{}, Parameters{std::int64_t{1}, std::int64_t{2}}}) {
    const Failure failure = FailureOf(Either("select $1::bigint", "select $1"), parameters);
    EXPECT_EQ(failure.kind, FailureKind::kInvalidStatement) << failure.message;
  }
  EXPECT_EQ(Lines("select 1"), std::vector<std::string>{"1"});
}

TEST_P(FailureContract, WhatMayOnlyReadWritesNothing) {
  CreateNumbers();
  Must("insert into numbers values (1)");
  for (const char* text : {"insert into numbers values (2)", "update numbers set n = 3",
                           "delete from numbers", "drop table numbers", "create table others (n integer)",
                           "insert into numbers values (2) returning n"}) {
    SCOPED_TRACE(text);
    const auto result = Run(text, {}, Access::kRead);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::kReadOnly);
    EXPECT_EQ(result.error().effect, Effect::kNone);
  }
  if (!IsSqlite()) {
    const auto hidden =
        Run("with gone as (delete from numbers returning n) select * from gone", {}, Access::kRead);
    ASSERT_FALSE(hidden);
    EXPECT_EQ(hidden.error().kind, FailureKind::kReadOnly);
  }
  EXPECT_EQ(Lines("select n from numbers"), std::vector<std::string>{"1"});
  EXPECT_TRUE(Run("insert into numbers values (2)")) << "writing is allowed again at once";
}

TEST_P(FailureContract, WhatIsRaisedSaysWhatItSays) {
  CreateNumbers();
  if (IsSqlite()) {
    Must("create trigger refuse before insert on numbers begin select raise(abort, 'not today'); end");
  } else {
    Must(
        "create function refuse() returns trigger language plpgsql as "
        "'begin raise exception ''not today'' using detail = ''a sunday'', hint = ''try monday''; end'");
    Must("create trigger refuse before insert on numbers for each row execute function refuse()");
  }
  const Failure failure = FailureOf("insert into numbers values (1)");
  EXPECT_EQ(failure.kind, FailureKind::kRaised);
  EXPECT_EQ(failure.message, "not today");
  EXPECT_EQ(failure.detail, Either("a sunday", ""));
  EXPECT_EQ(failure.hint, Either("try monday", ""));
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_P(FailureContract, AFailureTouchesNoOtherCall) {
  CreateNumbers();
  std::vector<Outcome<RunResult>> outcomes(300);
  TaskScope scope;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    Call call = i % 3 == 1 ? Of("insert into numbers values ($1), ($1)", {n})
                           : Of("insert into numbers values ($1) returning n", {n});
    if (i % 3 == 2) call = Of("select nothing", {});
    scope.Spawn(Keep(database(), std::move(call), outcomes[i]));
  }
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Result<RunResult>& outcome = *outcomes[i];
    ASSERT_EQ(outcome.has_value(), i % 3 == 0) << i;
    if (outcome) {
      EXPECT_EQ(ToLines(outcome->rows), std::vector{std::to_string(i)});
    } else {
      EXPECT_EQ(outcome.error().kind,
                i % 3 == 1 ? FailureKind::kUniqueViolation : FailureKind::kInvalidStatement);
    }
  }
  EXPECT_EQ(Count("numbers"), 100);
}

}  // namespace tidemill::sql::testing
