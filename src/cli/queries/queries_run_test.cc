// queries run, explain, test, and what new sql writes, on SQLite.
#include "cli/queries/queries_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/temporary_folder.h"
#include "cli/testing/ran.h"

namespace tidemill::cli {
namespace {

using testing::Ran;

class ProjectTest : public ::testing::Test {
 protected:
  ProjectTest() { EXPECT_EQ(testing::RunProgram({"new", "sql", folder_.path() + "/shop"}).code, kDone); }
  Ran Queries(std::vector<std::string> words, const std::string& group = "queries") {
    words.insert(words.begin(), group);
    words.push_back("--folder=" + Folder());
    words.push_back("--storage.sqlite.path=" + folder_.path() + "/shop.db");
    return testing::RunProgram(std::move(words));
  }
  Ran Test() { return Queries({"test"}); }
  std::string Folder() const { return folder_.path() + "/shop/queries"; }
  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(Folder() + "/" + name) << text;
  }

 private:
  const tidemill::testing::TemporaryFolder folder_;
};

TEST_F(ProjectTest, WhatIsWrittenIsSoundAndPasses) {
  ASSERT_EQ(Queries({"up"}, "migrate").code, kDone);
  const Ran check = Queries({"check"});
  EXPECT_EQ(check.out, "5 sound endpoints, no problems\n");
  const Ran test = Test();
  EXPECT_EQ(test.code, kDone);
  EXPECT_EQ(test.out, "ok    " + Folder() + "/orders.test.sql: 5 passed\n1 file, 5 passed, 0 failed\n");
}

TEST_F(ProjectTest, RunsAnEndpointByAnyOfItsNames) {
  ASSERT_EQ(Queries({"up"}, "migrate").code, kDone);
  EXPECT_EQ(Queries({"run", "products.get.sql", "limit=1", "sort=name.desc"}).out,
            "[{\"id\":3,\"name\":\"tea\",\"price_cents\":450}]\n");
  const std::string coffee = "{\"id\":1,\"name\":\"coffee\",\"price_cents\":520}\n";
  for (const char* name : {"products/[id].get.sql", "GET /products/{id}", "get_products_id"}) {
    EXPECT_EQ(Queries({"run", name, "id=1"}).out, coffee) << name << Queries({"run", name, "id=1"}).err;
  }
  EXPECT_EQ(Queries({"run", "GET /products/{id}", "id=9"}).err, "tidemill: there is no such row (TM103)\n");
  EXPECT_TRUE(
      Queries({"run", "GET /products/{id}", "id=x"}).err.starts_with("tidemill: id: must be an integer"));
  EXPECT_TRUE(
      Queries({"run", "product.get.sql"})
          .err.starts_with(
              "tidemill: there is no endpoint \"product.get.sql\": did you mean \"products.get.sql\"?"));
}

TEST_F(ProjectTest, AWriteStaysUnlessItIsUndone) {
  ASSERT_EQ(Queries({"up"}, "migrate").code, kDone);
  const auto order = [this](std::vector<std::string> more) {
    more.insert(more.begin(), {"run", "orders.post.sql", "sub=ann", "product_id=2"});
    return Queries(std::move(more));
  };
  EXPECT_TRUE(order({"--undo"}).out.starts_with("{\"id\":1,\"product_id\":2,\"amount\":1,"));
  EXPECT_EQ(Queries({"run", "orders.get.sql", "sub=ann"}).out, "[]\n");
  EXPECT_EQ(order({"amount=3"}).code, kDone);
  EXPECT_TRUE(Queries({"run", "orders.get.sql", "sub=ann"})
                  .out.starts_with("[{\"id\":1,\"product\":\"mug\",\"amount\":3,"));
  EXPECT_EQ(order({"amount=300"}).err,
            "tidemill: CHECK constraint failed: amount between 1 and 100 (SQLITE_CONSTRAINT_CHECK)\n");
}

TEST_F(ProjectTest, ExplainsInTheWordsOfTheDatabase) {
  ASSERT_EQ(Queries({"up"}, "migrate").code, kDone);
  EXPECT_EQ(Queries({"explain", "GET /products/{id}", "id=1"}).out,
            "SEARCH products USING INTEGER PRIMARY KEY (rowid=?)\n");
}

TEST_F(ProjectTest, TestsThatFailSayWhereAndWhy) {
  Write("bad.test.sql",
        "insert into products (name, price_cents) values ('kettle', 1);\n"
        "-- There are five.\nselect count(*) = 5 as five from products;\n"
        "-- @run GET /products limit=1\n-- @expect [{\"price_cents\": 1}]\n"
        "-- @expect error unique_violation\ninsert into products (name, price_cents) values ('tea', 1);\n"
        "-- The kettle is there again.\nselect count(*) = 4 from products;\n"
        "select nope from products;\nselect 1;\n");
  const Ran ran = Test();
  EXPECT_EQ(ran.code, kFailed);
  const std::string path = Folder() + "/bad.test.sql";
  EXPECT_TRUE(ran.out.starts_with(
      "FAIL  " + path + ": 2 passed\n" + path + ":3:1: There are five. — row 1: five is 0\n" +
      "  select count(*) = 5 as five from products;\n  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n" + path +
      ":4:4: [0].price_cents is 520, not 1\n  -- @run GET /products limit=1\n     "
      "^~~~~~~~~~~~~~~~~~~~~~~~~~\n"
      "  it gave [{\"id\":1,\"name\":\"coffee\",\"price_cents\":520}]\n" +
      path +
      ":10:8: no such column: nope (SQLITE_ERROR)\n  select nope from products;\n         ^~~~\n"
      "  1 that follow were not run\n"))
      << ran.out;
  EXPECT_TRUE(ran.out.ends_with("2 files, 7 passed, 3 failed\n")) << ran.out;
  EXPECT_TRUE(Queries({"test", "bad", "--json"})
                  .out.starts_with("{\"passed\":2,\"failed\":3,\"files\":[{\"file\":\""));
  EXPECT_EQ(Queries({"test", "other"}).err, "tidemill: there is no such *.test.sql file\n");
}

TEST_F(ProjectTest, WhatIsThereAlreadyStays) {
  const Ran again = testing::RunProgram({"new", "sql", Folder() + "/.."});
  EXPECT_EQ(again.code, kFailed);
  EXPECT_NE(again.err.find("README.md: is there already, and stays as it is"), std::string::npos)
      << again.err;
}

}  // namespace
}  // namespace tidemill::cli
