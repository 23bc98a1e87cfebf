// StoreTest: a loop, and accounts on one of the backends, with an owner and whom a test wants beside.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/secret_token.h"
#include "accounts/testing/backend.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "sql/schema/own_statements.h"

namespace tidemill::accounts::testing {

class StoreTest : public ::testing::TestWithParam<Param> {
 protected:
  StoreTest()
      : loop_(net::testing::OpenLoop()),
        backend_(GetParam().make(*loop_)),
        store_(MakeSqlStore(*loop_, backend_->database(), {})) {}

  Store& store() { return *store_; }
  net::Loop& loop() { return *loop_; }
  // As another loop, or another node, has one.
  std::unique_ptr<Store> OpenAnother() { return MakeSqlStore(*loop_, backend_->database(), {}); }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }
  template <class T>
  T Must(Task<Result<T>> task) {
    auto result = Await(std::move(task));
    EXPECT_TRUE(result) << result.error().detail;
    if constexpr (!std::is_void_v<T>) return result ? *std::move(result) : T{};
  }
  // nullopt: it was done.
  template <class T>
  std::optional<Errc> ErrorOf(Task<Result<T>> task) {
    const auto result = Await(std::move(task));
    if (result) return std::nullopt;
    return result.error().code;
  }

  static NewUser UserNamed(const std::string& username) {
    return {
        .id = MakeId(), .username = username, .name = "Name of " + username, .email = "", .password = "h"};
  }
  static NewSession SessionOf(const std::string& token, std::string replaces = "") {
    return {.id = MakeId(),
            .token_hash = HashOfToken(token),
            .address = "10.0.0.1",
            .agent = "Test",
            .ttl = Hours(1),
            .replaces_hash = std::move(replaces)};
  }
  static Actor By(const User& user) { return {.user = user.id, .address = "10.0.0.2"}; }

  // The first owner, by the link.
  User SetUpOwner(const std::string& session = "owner-session") {
    Must(store().AddOwnerLink("link", Hours(1)));
    return Must(store().SetUp("link", UserNamed("owner"), SessionOf(session))).live.user;
  }
  User Joined(const User& by, const std::string& username, Role role) {
    const std::string invite = MakeId();
    Must(store().AddInvite(By(by), {.id = MakeId(), .token_hash = invite, .role = role, .ttl = Hours(1)}));
    return Must(store().Join(invite, UserNamed(username), SessionOf(username + "-session"))).live.user;
  }
  bool IsLive(const std::string& token, Duration idle = Hours(1)) {
    return Must(store().FindSession(HashOfToken(token), idle)).has_value();
  }
  sql::Result<sql::RunResult> Run(std::string text) {
    const bool postgres = backend_->database().dialect() == sql::Dialect::kPostgres;
    sql::ReplaceAll(text, "@", postgres ? "tidemill.tidemill_account" : "tidemill_account");
    auto done = Await(backend_->database().Run({.statement = sql::Statement(std::move(text))}));
    EXPECT_TRUE(done) << done.error().message;
    return done;
  }

 private:
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Store> store_;
};

}  // namespace tidemill::accounts::testing
