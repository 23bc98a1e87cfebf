#include "queries/live/noted_changes.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::queries::live {
namespace {

// "public.orders(customer:7,8 status:)"
std::string Told(const NotedChanges& noted) {
  std::string text;
  for (const TableChange& change : noted.Changes()) {
    text += (text.empty() ? "" : " ") + change.table + "(";
    for (const TouchedColumn& each : change.columns) {
      text += each.column + ":";
      for (const std::string& value : each.values) text += value + ",";
    }
    text += ")";
  }
  return text;
}

TEST(NotedChanges, TheValuesOfAllTransactionsAreTold) {
  NotedChanges noted;
  EXPECT_TRUE(noted.empty());
  noted.AddValue("12", "public.orders", "customer", "7");
  noted.AddValue("12", "public.orders", "customer", std::nullopt);
  noted.AddValue("13", "public.orders", "customer", "8");
  noted.AddAll("13", "public.plain");
  EXPECT_EQ(Told(noted), "public.orders(customer:7,8,) public.plain()");
  EXPECT_EQ(noted.Transactions(), (std::vector<std::string>{"12", "13"}));
}

TEST(NotedChanges, ATransactionThatNotesNoValueMayHaveTouchedAny) {
  NotedChanges noted;
  noted.AddValue("12", "a", "customer", "7");
  noted.AddValue("12", "a", "status", "open");
  noted.AddValue("13", "a", "status", std::nullopt);
  EXPECT_EQ(Told(noted), "a(status:open,)");
  noted.AddAll("14", "a");
  EXPECT_EQ(Told(noted), "a()");
}

TEST(NotedChanges, WhatIsMarkedSoMayHaveTouchedAny) {
  NotedChanges noted;
  noted.AddValue("12", "a", "customer", "7");
  noted.AddAll("12", "a");
  EXPECT_EQ(Told(noted), "a()");
  noted.AddValue("13", "a", "customer", "7");
  EXPECT_EQ(Told(noted), "a()");
}

TEST(NotedChanges, AColumnThatIsGoneMayHaveHadAnyValue) {
  NotedChanges noted;
  noted.AddValue("12", "a", "customer", "7");
  noted.AddValue("12", "a", "status", "tidemill: the column is gone");
  EXPECT_EQ(Told(noted), "a()");
}

}  // namespace
}  // namespace tidemill::queries::live
